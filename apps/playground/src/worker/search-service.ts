import { encodeImages, encodeTexts, ZeroShotClassifier } from '@crossmodal/clip';
import type { RawImage } from '@crossmodal/processing';
import type { TextKey } from '../i18n/texts';
import { type ModelId, SHIPPED } from '../models/trained-model';
import { openPicture } from '../pictures/read-picture';
import { embedPictures, type PictureSource, type PreparedPicture } from '../search/embed-pictures';
import { mixDirections } from '../search/nearest-rows';
import type { IndexProgress, IndexState, LabelGuess, SearchHit, SearchQuery } from '../search/search-types';
import { breathe } from './breathe';
import { KeptIndex } from './kept-index';
import { smallFile, smallPixels } from './shipped/picture-pixels';
import { emojiDrawing, emojiList, emojiSheet } from './shipped/shipped-emoji';
import { type UsableCLIP, useCLIP } from './use-clip';

/** Side of the pictures that are kept to be shown, in pixels. */
const THUMBNAIL = 160;

/** The pictures that can be searched: each model has its own. */
export class SearchService {
  private readonly indexes = new Map<ModelId, ReturnType<typeof KeptIndex.open>>();
  private readonly textFeatures = new Map<string, Float32Array>();
  private classifier: { model: UsableCLIP; key: string; made: ZeroShotClassifier } | undefined;

  /** What an earlier visit left; `putAway` says why that could not be used. */
  async open(model: ModelId): Promise<{ state: IndexState; putAway: TextKey | undefined }> {
    const { kept, putAway } = await this.opened(model);
    this.indexes.set(model, Promise.resolve({ kept, putAway: undefined })); // told once
    return { state: kept.state, putAway };
  }

  /** Takes in files that the user chose; those that cannot be read are told of. `isMore`: others follow at once. */
  addFiles(
    model: ModelId,
    files: readonly File[],
    onProgress: (progress: IndexProgress) => void,
    signal: AbortSignal,
    isMore: boolean,
  ): Promise<IndexState> {
    const sources = files.map((file): PictureSource => {
      const name = file.webkitRelativePath || file.name;
      return { name, stamp: `${file.size} ${file.lastModified}`, prepare: () => prepareFile(file, name) };
    });
    return this.add(model, sources, onProgress, signal, isMore);
  }

  /** Takes in the drawings that come with the page. */
  async addEmoji(
    model: ModelId,
    onProgress: (progress: IndexProgress) => void,
    signal: AbortSignal,
  ): Promise<IndexState> {
    const [{ concepts }, { cells }] = await Promise.all([emojiList(), emojiSheet()]);
    const sources = cells.map((concept, cell): PictureSource => {
      const { emoji, label, labelZh } = concepts[concept]!;
      return {
        name: `${emoji} ${label}\n${emoji} ${labelZh}`,
        stamp: 'emoji',
        prepare: async () => {
          const image = await emojiDrawing(cell);
          return { image, thumbnail: await smallFile(image) };
        },
      };
    });
    return this.add(model, sources, onProgress, signal, false);
  }

  /** The pictures most like a query, best first; without a query the first ones. */
  async search(
    model: ModelId,
    { words, picture, share }: SearchQuery,
    count: number,
  ): Promise<{ hits: SearchHit[]; took: number; total: number }> {
    const { pictures: index } = (await this.opened(model)).kept;
    const byWords = words === '' ? undefined : await this.ofWords(model, words);
    const byPicture =
      picture && ('row' in picture ? index.feature(picture.row) : await this.ofPicture(model, picture));
    const start = performance.now();
    const query = byWords && byPicture ? mixDirections(byWords, byPicture, share) : (byWords ?? byPicture);
    const rows = query
      ? index.search(query, count)
      : Array.from({ length: Math.min(count, index.size) }, (_, row) => ({ row }));
    const took = performance.now() - start;
    const hits = rows.map((found) => ({
      ...found,
      name: index.name(found.row),
      thumbnail: blobOf(index.thumbnail(found.row)),
    }));
    return { hits, took, total: index.size };
  }

  /** Forgets all pictures of a model, also those kept in the browser. */
  async forget(model: ModelId): Promise<IndexState> {
    const { kept } = await this.opened(model);
    await kept.forget();
    return kept.state;
  }

  /** Which of the labels fits what a camera sees. The bitmap is closed. */
  async classify(id: ModelId, frame: ImageBitmap, labels: readonly string[]): Promise<LabelGuess> {
    const start = performance.now();
    const image = smallPixels(frame);
    frame.close();
    return useCLIP(id, async (model) => {
      const { probabilities } = await this.classifierOf(model, labels).classify(image);
      return { probabilities, took: performance.now() - start };
    });
  }

  private opened(model: ModelId): ReturnType<typeof KeptIndex.open> {
    const known = this.indexes.get(model);
    if (known) return known;
    for (const other of this.indexes.keys()) if (other !== SHIPPED) this.indexes.delete(other); // of a model before
    const opening = KeptIndex.open(model);
    this.indexes.set(model, opening);
    opening.catch(() => this.indexes.delete(model));
    return opening;
  }

  private async add(
    model: ModelId,
    sources: readonly PictureSource[],
    onProgress: (progress: IndexProgress) => void,
    signal: AbortSignal,
    isMore: boolean,
  ): Promise<IndexState> {
    const { kept } = await this.opened(model);
    await useCLIP(model, async ({ clip, processor }) => {
      try {
        await embedPictures(kept.pictures, sources, { clip, processor, signal, onProgress, breathe });
      } finally {
        await kept.keep(isMore && !signal.aborted);
      }
    });
    return kept.state;
  }

  private async ofWords(model: ModelId, words: string): Promise<Float32Array> {
    const key = `${model}\n${words}`;
    const known = this.textFeatures.get(key);
    if (known) return known;
    const features = await useCLIP(model, ({ clip, tokenizer }) => encodeTexts(clip, tokenizer, [words]));
    if (this.textFeatures.size > 100) this.textFeatures.clear();
    this.textFeatures.set(key, features);
    return features;
  }

  private async ofPicture(model: ModelId, picture: Blob): Promise<Float32Array> {
    const bitmap = await openPicture(picture);
    const image = smallPixels(bitmap);
    bitmap.close();
    return useCLIP(model, ({ clip, processor }) => encodeImages(clip, processor, [image]));
  }

  private classifierOf(model: UsableCLIP, labels: readonly string[]): ZeroShotClassifier {
    const key = labels.join('\n');
    if (this.classifier?.key !== key || this.classifier.model !== model) {
      const { clip, tokenizer, processor: imageProcessor } = model;
      const options = { clip, tokenizer, imageProcessor, labels, templates: ['{}'] };
      this.classifier = { model, key, made: new ZeroShotClassifier(options) };
    }
    return this.classifier.made;
  }
}

async function prepareFile(file: File, name: string): Promise<PreparedPicture> {
  const bitmap = await openPicture(file, name);
  try {
    const image: RawImage = smallPixels(bitmap);
    return { image, thumbnail: await smallFile(bitmap, THUMBNAIL) };
  } finally {
    bitmap.close();
  }
}

/** A thumbnail, which is a PNG where the browser writes no WebP. */
function blobOf(bytes: Uint8Array<ArrayBuffer>): Blob {
  return new Blob([bytes], { type: bytes[0] === 0x89 ? 'image/png' : 'image/webp' });
}
