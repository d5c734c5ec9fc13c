import '@crossmodal/backend-onnx';
import { AdamW, Rng, useBackend, valueAndGrad } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { generateImageTokens } from './sampling/generate-image-tokens';
import { DALLE } from './transformer/dalle';
import { dalleLoss } from './transformer/dalle-loss';

const SIDE = 4;
const COLOURS = 8;
const STEPS = 300;
/** Which cells of the grid a pattern fills. */
const PATTERNS: ((row: number, column: number) => boolean)[] = [
  (row) => row % 2 === 0,
  (_, column) => column % 2 === 0,
  (row, column) => (row + column) % 2 === 0,
  (row, column) => row === 0 || column === 0 || row === SIDE - 1 || column === SIDE - 1,
];

interface Combination {
  colour: number;
  pattern: number;
}
const combinations = PATTERNS.flatMap((_, pattern) =>
  Array.from({ length: COLOURS }, (_, colour) => ({ colour, pattern })),
);
/** One of each pattern is never trained on. */
const isHeldOut = ({ colour, pattern }: Combination) => colour === pattern;
const heldOut = combinations.filter(isHeldOut);
const trained = combinations.filter((combination) => !isHeldOut(combination));

/** Words: colours, patterns. */
const textOf = ({ colour, pattern }: Combination) => [colour, COLOURS + pattern];
/** Tokens: 0 is the ground, then the colours. */
const imageOf = ({ colour, pattern }: Combination) =>
  Array.from({ length: SIDE * SIDE }, (_, i) =>
    PATTERNS[pattern]!(Math.floor(i / SIDE), i % SIDE) ? 1 + colour : 0,
  );

/** Shares of the generated images of held-out combinations in which the pattern is right, and every token is. */
async function learn(shufflesTexts: boolean): Promise<{ pattern: number; whole: number }> {
  const rng = new Rng(4);
  const model = new DALLE({
    ...{ textVocabSize: COLOURS + PATTERNS.length, textLength: 3, codebookSize: 1 + COLOURS },
    ...{ gridHeight: SIDE, gridWidth: SIDE, hiddenSize: 32, numLayers: 1, numHeads: 4, intermediateSize: 64 },
    textDropRate: 0.1,
    rng,
  });
  const optimizer = new AdamW(model, { weightDecay: 0.5 });
  for (let step = 0; step < STEPS; step++) {
    const batch = Array.from({ length: 24 }, () => trained[rng.integer(trained.length)]!);
    const order = shufflesTexts ? rng.permutation(batch.length) : batch.keys();
    const textIds = tf.tensor2d(
      Array.from(order, (i) => textOf(batch[i]!)),
      undefined,
      'int32',
    );
    const imageIds = tf.tensor2d(batch.map(imageOf), undefined, 'int32');
    const context = { training: true, rng };
    const { value, gradients } = valueAndGrad(
      () => dalleLoss(model.forward({ textIds, imageIds }, context), imageIds).loss,
      model.trainableParameters(),
    );
    optimizer.step(gradients, { learningRate: 8e-3 * Math.min(1, step / 20, (STEPS - step) / 100) });
    tf.dispose([value, textIds, imageIds, ...gradients.values()]);
  }
  const options = { numImages: 25, temperature: 0.7, guidanceScale: 1.5, seed: 1 };
  const images = await generateImageTokens(model, heldOut.map(textOf), options);
  const share = (isRight: (token: number, expected: number) => boolean) =>
    images.filter((image, i) => {
      const expected = imageOf(heldOut[Math.floor(i / options.numImages)]!);
      return image.every((token, j) => isRight(token, expected[j]!));
    }).length / images.length;
  const right = {
    pattern: share((token, expected) => token > 0 === expected > 0),
    whole: share((token, expected) => token === expected),
  };
  optimizer.dispose();
  model.dispose();
  return right;
}

beforeAll(async () => {
  await useBackend('onnx');
});

it('draws what the text says, also what it was never shown', async () => {
  const { pattern, whole } = await learn(false);
  expect(pattern).toBeGreaterThanOrEqual(0.95);
  expect(whole).toBeGreaterThanOrEqual(0.95);
}, 60_000);

it('draws by chance when the texts belong to other images', async () => {
  const { pattern, whole } = await learn(true);
  expect(pattern).toBeGreaterThan(0.1); // one of four, in 100 images
  expect(pattern).toBeLessThan(0.4);
  expect(whole).toBeLessThan(0.15);
}, 60_000);
