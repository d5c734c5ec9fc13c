import { type CLIP, encodeTexts, FeatureIndex, type TextTokenizer } from '@crossmodal/clip';
import { retrievalMetrics } from '@crossmodal/core';
import { augmentPicture, type PictureStack } from '@crossmodal/emoji-clip/browser';
import * as tf from '@tensorflow/tfjs-core';
import type { Evaluation, Guess } from './run-log';
import type { RunModel } from './run-model';
import type { PictureSplit } from './split-pictures';
import type { TrainingSet } from './training-set';

const BATCH = 64;
const EXAMPLES = 6;
const GUESSES = 3;

/** How often a held-out picture finds its own name among the candidates', and what some are taken for. */
export async function measureHeldOut(
  { clip, tokenizer, imageSize }: RunModel,
  { stack, names }: TrainingSet,
  split: PictureSplit,
): Promise<Omit<Evaluation, 'step'> & { guesses: Guess[][] }> {
  const { heldOut, candidates } = split;
  const words = candidates.map((concept) => names[concept]!);
  const texts = await textFeatures(clip, tokenizer, words);
  const pictures = await pictureFeatures(clip, stack, heldOut, imageSize);
  const dim = clip.projectionDim;
  const { recallAt } = await retrievalMetrics(
    { values: pictures, shape: [heldOut.length, dim] },
    { values: texts, shape: [candidates.length, dim] },
    { queryIds: heldOut.map((picture) => stack.concepts[picture]!), candidateIds: candidates, ks: [1, 5] },
  );
  const index = new FeatureIndex(dim);
  index.add(
    words.map((_, i) => String(i)),
    texts,
  );
  const examples = examplesOf(split);
  const queries = new Float32Array(examples.length * dim);
  examples.forEach((picture, i) => {
    const row = heldOut.indexOf(picture);
    queries.set(pictures.subarray(row * dim, (row + 1) * dim), i * dim);
  });
  const hits = await index.search(queries, { k: Math.min(GUESSES, candidates.length) });
  return {
    recallAt1: recallAt[1]!,
    recallAt5: recallAt[5]!,
    guesses: examples.map((picture, i) =>
      hits[i]!.map(({ id }) => ({
        name: words[Number(id)]!,
        right: candidates[Number(id)] === stack.concepts[picture],
      })),
    ),
  };
}

/** Held-out pictures whose guesses are shown: some, spread over all. */
export function examplesOf({ heldOut }: PictureSplit): number[] {
  const count = Math.min(heldOut.length, EXAMPLES);
  return Array.from({ length: count }, (_, i) => heldOut[Math.floor(((i + 0.5) * heldOut.length) / count)]!);
}

/** What {@link measureHeldOut} would give by chance. */
export function chanceOf({ candidates }: PictureSplit): { recallAt1: number; recallAt5: number } {
  return { recallAt1: 1 / candidates.length, recallAt5: Math.min(1, 5 / candidates.length) };
}

const textFeatures = (clip: CLIP, tokenizer: TextTokenizer, words: readonly string[]) =>
  encodeTexts(clip, tokenizer, words, { batchSize: BATCH });

async function pictureFeatures(clip: CLIP, stack: PictureStack, pictures: readonly number[], size: number) {
  const values = new Float32Array(pictures.length * clip.projectionDim);
  for (let start = 0; start < pictures.length; start += BATCH) {
    const batch = pictures.slice(start, start + BATCH);
    const pixels = new Float32Array(batch.length * size * size * 3);
    for (const [i, picture] of batch.entries())
      augmentPicture(stack, picture, pixels, i * size * size * 3, size);
    const features = tf.tidy(() =>
      clip.encodeImage({ pixelValues: tf.tensor4d(pixels, [batch.length, size, size, 3]) }),
    );
    try {
      values.set(await features.data(), start * clip.projectionDim);
    } finally {
      features.dispose();
    }
  }
  return values;
}
