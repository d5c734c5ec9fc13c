import { encodeImages, encodeTexts, ZeroShotClassifier } from '@crossmodal/clip';
import type { RawImage } from '@crossmodal/processing';
import type { TextKey } from '../i18n/texts';
import { openPicture } from '../pictures/read-picture';
import { embedPictures, type PictureSource, type PreparedPicture } from '../search/embed-pictures';
import { mixDirections } from '../search/nearest-rows';
import { PictureIndex } from '../search/picture-index';
import type { IndexProgress, IndexState, LabelGuess, SearchHit, SearchQuery } from '../search/search-types';
import { OPFSFolder } from '../store/opfs';
import { breathe } from './breathe';
import { smallFile, smallPixels } from './shipped/picture-pixels';
import { clipFiles, type ShippedCLIP, shippedCLIP } from './shipped/shipped-clip';
import { emojiDrawing, emojiList, emojiSheet } from './shipped/shipped-emoji';

const FOLDER = 'search';
const FILE = 'pictures.safetensors';
/** Side of the pictures that are kept to be shown, in pixels. */
const THUMBNAIL = 160;
/** While many come in, in milliseconds. */
const KEEP_EVERY = 20_000;

/** The pictures that can be searched, in the worker and in this browser's storage. */
export class SearchService {
  private index: PictureIndex | undefined;
  private isKept = false;
  private keptAt = 0;
  private keptSize = 0;
  private opening: Promise<TextKey | undefined> | undefined;
  private readonly textFeatures = new Map<string, Float32Array>();
  private classifier: { clip: ShippedCLIP; key: string; made: ZeroShotClassifier } | undefined;

  /** What an earlier visit left; `putAway` says why that could not be used. */
  async open(): Promise<{ state: IndexState; putAway: TextKey | undefined }> {
    this.opening ??= this.load();
    const putAway = await this.opening;
    this.opening = Promise.resolve(undefined); // told once
    return { state: this.state(), putAway };
  }

  /** Takes in files that the user chose; those that cannot be read are told of. `isMore`: others follow at once. */
  addFiles(
    files: readonly File[],
    onProgress: (progress: IndexProgress) => void,
    signal: AbortSignal,
    isMore: boolean,
  ): Promise<IndexState> {
    const sources = files.map((file): PictureSource => {
      const name = file.webkitRelativePath || file.name;
      return { name, stamp: `${file.size} ${file.lastModified}`, prepare: () => prepareFile(file, name) };
    });
    return this.add(sources, onProgress, signal, isMore);
  }

  /** Takes in the drawings that come with the page. */
  async addEmoji(onProgress: (progress: IndexProgress) => void, signal: AbortSignal): Promise<IndexState> {
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
    return this.add(sources, onProgress, signal);
  }

  /** The pictures most like a query, best first; without a query the first ones. */
  async search(
    { words, picture, share }: SearchQuery,
    count: number,
  ): Promise<{ hits: SearchHit[]; took: number; total: number }> {
    await this.open();
    const index = this.index!;
    const byWords = words === '' ? undefined : await this.ofWords(words);
    const byPicture = picture && (await this.ofPicture(picture));
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

  /** Forgets all pictures, also those kept in the browser. */
  async forget(): Promise<IndexState> {
    await this.open();
    this.index = await emptyIndex();
    this.isKept = false;
    this.keptSize = 0;
    const folder = await storage();
    await folder?.remove(FILE);
    return this.state();
  }

  /** Which of the labels fits what a camera sees. The bitmap is closed. */
  async classify(frame: ImageBitmap, labels: readonly string[]): Promise<LabelGuess> {
    const start = performance.now();
    const image = smallPixels(frame);
    frame.close();
    const classifier = await this.classifierOf(labels);
    const { probabilities } = await classifier.classify(image);
    return { probabilities, took: performance.now() - start };
  }

  private async load(): Promise<TextKey | undefined> {
    this.index = await emptyIndex();
    const file = await (await storage())?.read(FILE).catch(() => undefined);
    if (!file) return undefined;
    let stored: PictureIndex | undefined;
    let reason: TextKey = 'search.otherModel';
    try {
      const bytes = new Uint8Array(await file.arrayBuffer());
      stored = PictureIndex.fromBytes(bytes, this.index.model, this.index.dim);
    } catch {
      reason = 'search.damagedIndex';
    }
    if (stored) {
      this.index = stored;
      this.keptSize = stored.size;
      this.isKept = true;
      return undefined;
    }
    await (await storage())?.remove(FILE);
    return reason;
  }

  private async add(
    sources: readonly PictureSource[],
    onProgress: (progress: IndexProgress) => void,
    signal: AbortSignal,
    isMore = false,
  ): Promise<IndexState> {
    await this.open();
    const { clip, processor } = await shippedCLIP();
    const index = this.index!;
    try {
      await embedPictures(index, sources, { clip, processor, signal, onProgress, breathe });
    } finally {
      const isDue = !isMore || signal.aborted || performance.now() - this.keptAt > KEEP_EVERY;
      if (isDue && index.size > this.keptSize) await this.keep(index);
    }
    return this.state();
  }

  private async keep(index: PictureIndex): Promise<void> {
    const folder = await storage();
    await folder?.write(FILE, index.toBytes() as Uint8Array<ArrayBuffer>);
    this.isKept = folder !== undefined;
    this.keptAt = performance.now();
    this.keptSize = index.size;
  }

  private state(): IndexState {
    return { count: this.index!.size, bytes: this.index!.bytes, isKept: this.isKept };
  }

  private async ofWords(words: string): Promise<Float32Array> {
    const known = this.textFeatures.get(words);
    if (known) return known;
    const { clip, tokenizer } = await shippedCLIP();
    const features = await encodeTexts(clip, tokenizer, [words]);
    if (this.textFeatures.size > 100) this.textFeatures.clear();
    this.textFeatures.set(words, features);
    return features;
  }

  private async ofPicture(picture: Blob | { row: number }): Promise<Float32Array> {
    if ('row' in picture) return this.index!.feature(picture.row);
    const { clip, processor } = await shippedCLIP();
    const bitmap = await openPicture(picture);
    const image = smallPixels(bitmap);
    bitmap.close();
    return encodeImages(clip, processor, [image]);
  }

  private async classifierOf(labels: readonly string[]): Promise<ZeroShotClassifier> {
    const model = await shippedCLIP();
    const key = labels.join('\n');
    if (this.classifier?.key !== key || this.classifier.clip !== model) {
      const { clip, tokenizer, processor: imageProcessor } = model;
      const options = { clip, tokenizer, imageProcessor, labels, templates: ['{}'] };
      this.classifier = { clip: model, key, made: new ZeroShotClassifier(options) };
    }
    return this.classifier.made;
  }
}

async function emptyIndex(): Promise<PictureIndex> {
  const { id, recipe } = await clipFiles();
  return new PictureIndex(id, recipe.projectionDim);
}

/** Undefined where the browser keeps nothing for the page. */
function storage(): Promise<OPFSFolder | undefined> {
  return OPFSFolder.open(FOLDER).catch(() => undefined);
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
