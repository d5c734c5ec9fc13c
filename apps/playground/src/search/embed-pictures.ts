import { type CLIP, encodeImages, type PixelProcessor } from '@crossmodal/clip';
import type { RawImage } from '@crossmodal/processing';
import type { TextValues } from '../i18n/format-text';
import type { TextKey } from '../i18n/texts';
import { mapAhead } from './map-ahead';
import type { PictureIndex } from './picture-index';
import type { IndexProgress, RefusedPicture } from './search-types';

/** A picture to be taken in. */
export interface PictureSource {
  /** With `stamp`, what tells it from others. */
  name: string;
  /** Changes when what is in the file does. */
  stamp: string;
  /** Decodes it; fails with a `PlaygroundError` that says why it is refused. */
  prepare: () => Promise<PreparedPicture>;
}

export interface PreparedPicture {
  /** RGBA, no larger than the model needs. */
  image: RawImage;
  /** A small picture to show, as a file. */
  thumbnail: Uint8Array<ArrayBuffer>;
}

export interface EmbedOptions {
  clip: CLIP;
  processor: PixelProcessor;
  signal: AbortSignal;
  onProgress: (progress: IndexProgress) => void;
  /** Lets other calls in between. */
  breathe: () => Promise<void>;
}

/** Decoded at a time. */
const AHEAD = 4;
/** Given to the model at a time; fewer at first, so that there is something to see at once. */
const BATCH = 32;
const FIRST_BATCH = 8;

type Prepared = { source: number; name: string; stamp: string } & (
  | { picture: PreparedPicture }
  | { refused: RefusedPicture }
);

/**
 * Takes pictures into an index; those that cannot be read are told of and left out, those that are in it already are
 * passed over. When it is stopped, what was taken stays.
 */
export async function embedPictures(
  index: PictureIndex,
  sources: readonly PictureSource[],
  { clip, processor, signal, onProgress, breathe }: EmbedOptions,
): Promise<void> {
  const start = performance.now();
  const fresh = [...sources.entries()].filter(([, { name, stamp }]) => !index.has(name, stamp));
  const known = sources.length - fresh.length;
  let done = known;
  let batch: (Prepared & { picture: PreparedPicture })[] = [];
  let refused: RefusedPicture[] = [];
  const tell = (added: IndexProgress['added']) => {
    const seconds = (performance.now() - start) / 1000;
    const rate = seconds > 0 ? (done - known) / seconds : 0;
    onProgress({ done, total: sources.length, rate, added, refused, known });
    refused = [];
  };
  const flush = async () => {
    const full = batch;
    batch = [];
    const images = full.map(({ picture }) => picture.image);
    const features = await encodeImages(clip, processor, images, { batchSize: BATCH });
    const added = full.map(({ name, stamp, source, picture }, i) => {
      const feature = features.subarray(i * index.dim, (i + 1) * index.dim);
      index.add({ name, stamp, feature, thumbnail: picture.thumbnail });
      return { row: index.size - 1, source };
    });
    done += full.length;
    tell(added);
  };
  tell([]);
  for await (const prepared of mapAhead(fresh, AHEAD, prepare)) {
    if ('refused' in prepared) {
      refused.push(prepared.refused);
      done++;
      if (refused.length >= BATCH) tell([]);
    } else {
      batch.push(prepared);
      if (batch.length >= (done < BATCH + known ? FIRST_BATCH : BATCH)) await flush();
    }
    await breathe();
    signal.throwIfAborted();
  }
  if (batch.length > 0) await flush();
  else if (refused.length > 0) tell([]);
}

async function prepare([source, { name, stamp, prepare }]: [number, PictureSource]): Promise<Prepared> {
  try {
    return { source, name, stamp, picture: await prepare() };
  } catch (error) {
    const { code, values = {} } = error as { code?: TextKey; values?: TextValues };
    const problem = error instanceof Error ? error.message : String(error);
    return {
      source,
      name,
      stamp,
      refused:
        code === undefined
          ? { name, text: 'shell.unknownError', values: { problem } }
          : { name, text: code, values },
    };
  }
}
