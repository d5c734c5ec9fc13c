import { attentionMap, encodeImages, encodeTexts, type SimilarityMap, similarityMap } from '@crossmodal/clip';
import { PIXEL_RANGE, pictureProcessor, trimToInk } from '@crossmodal/emoji-clip/browser';
import { type RawImage, toRGB } from '@crossmodal/processing';
import type { SentimentInput } from '@crossmodal/sentiment';
import { splitWords } from '@crossmodal/sentiment-app/browser';
import * as tf from '@tensorflow/tfjs-core';
import type { ModelId } from '../models/trained-model';
import { openPicture } from '../pictures/read-picture';
import { PlaygroundError } from '../playground-error';
import type { RawPixels } from '../ui/pixel-picture';
import { leaveWordsOut } from '../understand/leave-words-out';
import { nearestCodes } from '../understand/nearest-codes';
import type { Codes, Feeling, Look, MapMethod, NearCode, Similarities } from '../understand/understand-types';
import { smallPixels } from './shipped/picture-pixels';
import { emojiDrawing, emojiList, emojiSheet } from './shipped/shipped-emoji';
import { shippedSentiment } from './shipped/shipped-sentiment';
import { shippedVQVAE } from './shipped/shipped-vqvae';
import { type UsableCLIP, useCLIP } from './use-clip';

/** Side of a picture that is shown as the model sees it, in pixels. */
const SHOWN = 256;
/** A code is drawn in the midst of so many of its like a side: more than the decoder sees. */
const AROUND = 9;

/** A drawing that comes with the page, as a file. */
export interface EmojiPicture {
  emoji: string;
  en: string;
  zh: string;
  file: Blob;
}

/** Looks into the models that come with the page, and into one that was trained in it. */
export class UnderstandService {
  /** Drawings of these emoji. */
  async emoji(wanted: readonly string[]): Promise<EmojiPicture[]> {
    const [{ concepts }, { cells }] = await Promise.all([emojiList(), emojiSheet()]);
    const plain = (emoji: string) => emoji.replaceAll('\uFE0F', '');
    const pictures: EmojiPicture[] = [];
    for (const emoji of wanted) {
      const concept = concepts.findIndex((one) => plain(one.emoji) === plain(emoji));
      const cell = cells.indexOf(concept);
      if (cell < 0) continue;
      const { label: en, labelZh: zh } = concepts[concept]!;
      pictures.push({ emoji, en, zh, file: await pngOf(await emojiDrawing(cell)) });
    }
    return pictures;
  }

  /** How well each picture fits each caption. */
  async similarities(
    model: ModelId,
    pictures: readonly Blob[],
    captions: readonly string[],
  ): Promise<Similarities> {
    const images: RawImage[] = [];
    for (const picture of pictures) images.push(await pixelsOfFile(picture));
    return useCLIP(model, async ({ clip, processor, tokenizer }) => {
      const ofImages = await encodeImages(clip, processor, images);
      const ofTexts = await encodeTexts(clip, tokenizer, captions);
      const dim = clip.projectionDim;
      const cosines = new Float32Array(pictures.length * captions.length);
      for (let p = 0; p < pictures.length; p++)
        for (let c = 0; c < captions.length; c++)
          for (let i = 0; i < dim; i++)
            cosines[p * captions.length + c]! += ofImages[p * dim + i]! * ofTexts[c * dim + i]!;
      return { cosines, scale: Math.exp((await clip.logitScale.value.data())[0]!) };
    });
  }

  /** Where in a picture its likeness to words comes from, rather than that to others, where there are some. */
  async look(
    id: ModelId,
    picture: Blob,
    words: string,
    others: readonly string[],
    method: MapMethod,
    stage: 'last' | 'finer',
  ): Promise<Look> {
    const image = await pixelsOfFile(picture);
    return useCLIP(id, async (model) => {
      const { clip, processor, tokenizer } = model;
      const { data, shape } = await processor.process([image], { decode: {} });
      const features = await encodeTexts(clip, tokenizer, [words, ...others]);
      const dim = clip.projectionDim;
      const direction = features.slice(0, dim);
      for (let other = 1; other <= others.length; other++)
        for (let i = 0; i < dim; i++) direction[i]! -= features[other * dim + i]! / others.length;
      const { map, scores } = tf.tidy(() => {
        const input = { pixelValues: tf.tensor4d(data, shape), directions: tf.tensor2d(direction, [1, dim]) };
        return { ...mapOf(model, input, method, stage) };
      });
      try {
        const [, rows, columns] = map.shape;
        return {
          seen: onWhite(trimToInk(image, SHOWN)),
          map: (await map.data()) as Float32Array,
          rows,
          columns,
          score: (await scores.data())[0]!,
        };
      } finally {
        tf.dispose([map, scores]);
      }
    });
  }

  /** A picture as codes. */
  async codes(picture: Blob): Promise<Codes> {
    const { vqvae, recipe } = await shippedVQVAE();
    const image = await pixelsOfFile(picture);
    const { data, shape } = await pictureProcessor(recipe.imageSize).process([image], { decode: {} });
    const pixels = tf.tensor4d(data, shape);
    const ids = vqvae.encode(pixels) as tf.Tensor3D;
    try {
      return {
        seen: (await picturesOf(pixels))[0]!,
        ids: (await ids.data()) as Int32Array,
        rows: ids.shape[1],
        columns: ids.shape[2],
        codebookSize: vqvae.codebookSize,
      };
    } finally {
      tf.dispose([pixels, ids]);
    }
  }

  /** What codes decode to. */
  async decode(ids: Int32Array, rows: number, columns: number): Promise<RawPixels> {
    const { vqvae } = await shippedVQVAE();
    const pixels = tf.tidy(() => vqvae.decode(tf.tensor3d(ids, [1, rows, columns], 'int32')));
    try {
      return (await picturesOf(pixels))[0]!;
    } finally {
      pixels.dispose();
    }
  }

  /** The codes nearest to a code, itself first. */
  async near(id: number, count: number): Promise<NearCode[]> {
    const { vqvae } = await shippedVQVAE();
    const { quantizer, downsampling: side } = vqvae;
    const codebook = tf.tidy(() => quantizer.decode(tf.range(0, quantizer.codebookSize, 1, 'int32')));
    const values = (await codebook.data()) as Float32Array;
    codebook.dispose();
    const found = nearestCodes(values, quantizer.dim, id, count);
    const patches = tf.tidy(() => {
      const like = tf.tensor1d(
        found.map((code) => code.id),
        'int32',
      );
      const grids = tf.tile(tf.reshape(like, [-1, 1, 1]), [1, AROUND, AROUND]);
      const middle = Math.floor(AROUND / 2) * side;
      return tf.slice(vqvae.decode(grids), [0, middle, middle, 0], [-1, side, side, 3]) as tf.Tensor4D;
    });
    try {
      const pictures = await picturesOf(patches);
      return found.map((code, i) => ({ ...code, patch: pictures[i]! }));
    } finally {
      patches.dispose();
    }
  }

  /** What a sentence, a picture or both feel like, and what that rests on. */
  async feel(text: string, picture: Blob | undefined): Promise<Feeling> {
    const model = await shippedSentiment();
    const image = picture && (await pixelsOfFile(picture));
    const inputOf = (words: string): SentimentInput => ({
      ...(words !== '' && { text: words }),
      ...(image && { image }),
    });
    const words = splitWords(text);
    if (words.length === 0 && !image) throw new PlaygroundError('understand.nothingGiven');
    const whole = await model.predict(inputOf(words.join(' ')));
    const { name, probabilities, contributions } = whole as Required<typeof whole>;
    const without = leaveWordsOut(words).filter(([, left]) => left !== '' || image);
    const others = await model.predict(
      without.map(([, left]) => inputOf(left)),
      { contributions: 'none' },
    );
    return {
      name,
      probabilities,
      contributions,
      words: without.map(([word], i) => ({
        word,
        change: probabilities[name]! - others[i]!.probabilities![name]!,
      })),
    };
  }
}

function mapOf(
  model: UsableCLIP,
  input: { pixelValues: tf.Tensor4D; directions: tf.Tensor2D },
  method: MapMethod,
  stage: 'last' | 'finer',
): SimilarityMap {
  if (model.architecture === 'transformer')
    return attentionMap(model.clip, input, { method: method === 'rollout' ? 'rollout' : 'relevance' });
  const last = model.clip.visionModel.stages.length - 1;
  return similarityMap(model.clip, input, {
    method: method === 'gradCAM' ? 'gradCAM' : 'hiResCAM',
    stage: stage === 'finer' ? last - 1 : last,
  });
}

async function pixelsOfFile(file: Blob): Promise<RawImage> {
  const bitmap = await openPicture(file);
  try {
    return smallPixels(bitmap);
  } finally {
    bitmap.close();
  }
}

function pngOf({ data, width, height }: RawImage): Promise<Blob> {
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext('2d')!.putImageData(new ImageData(new Uint8ClampedArray(data), width, height), 0, 0);
  return canvas.convertToBlob();
}

/** RGBA without transparency. */
function onWhite(image: RawImage): RawPixels {
  const { data, width, height } = toRGB(image, { alpha: [255, 255, 255] });
  return rgba(data, width, height);
}

function rgba(rgb: ArrayLike<number>, width: number, height: number): RawPixels {
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++) for (let c = 0; c < 3; c++) data[4 * i + c] = rgb[3 * i + c]!;
  return { data, width, height };
}

/** Pixels of the models, [pictures, height, width, 3], for the eye. */
async function picturesOf(pixels: tf.Tensor4D): Promise<RawPixels[]> {
  const [count, height, width] = pixels.shape;
  const [black, white] = PIXEL_RANGE;
  const values = await pixels.data();
  const size = height * width * 3;
  return Array.from({ length: count }, (_, i) => {
    const bytes = new Uint8ClampedArray(size);
    for (let at = 0; at < size; at++) bytes[at] = (255 * (values[i * size + at]! - black)) / (white - black);
    return rgba(bytes, width, height);
  });
}
