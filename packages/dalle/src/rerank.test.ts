import '@tensorflow/tfjs-backend-cpu';
import { CLIP } from '@crossmodal/clip';
import { Module, Rng } from '@crossmodal/core';
import { CLIPImageProcessor, type RawImage } from '@crossmodal/processing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { rerank } from './rerank';

/** A picture is its mean colour. */
class MeanColour extends Module {
  readonly hiddenSize = 3;

  forward({ pixelValues }: { pixelValues: tf.Tensor4D }) {
    return { pooledOutput: tf.mean(pixelValues, [1, 2]) as tf.Tensor2D };
  }
}

/** A text is the colour that it names. */
class ColourWord extends Module {
  readonly hiddenSize = 3;
  readonly contextLength = 1;

  forward({ inputIds }: { inputIds: tf.Tensor2D }) {
    return {
      pooledOutput: tf.cast(tf.oneHot(tf.squeeze<tf.Tensor1D>(inputIds, [1]), 3), 'float32') as tf.Tensor2D,
    };
  }
}

const tokenizer = {
  tokenize: (texts: readonly string[]) => ({
    inputIds: Int32Array.from(texts, (text) => ['red', 'green', 'blue'].indexOf(text)),
    attentionMask: new Int32Array(texts.length).fill(1),
    shape: [texts.length, 1] as [number, number],
  }),
};
const size = { width: 2, height: 2 };
const imageProcessor = new CLIPImageProcessor({ size, cropSize: null, mean: [0, 0, 0], std: [1, 1, 1] });
const pixel = (...colour: number[]): RawImage => ({
  data: Uint8Array.from(colour),
  width: 1,
  height: 1,
  channels: 3,
});

beforeAll(async () => {
  await tf.setBackend('cpu');
});

it('sorts pictures by how well they fit the prompt', async () => {
  const clip = new CLIP({ visionEncoder: new MeanColour(), textEncoder: new ColourWord(), rng: new Rng(0) });
  const pictures = [pixel(204, 153, 0), pixel(0, 0, 204), pixel(0, 102, 0), pixel(153, 204, 0)];
  const before = tf.memory().numTensors;
  const ranked = await rerank({ clip, tokenizer, imageProcessor }, 'green', pictures);
  expect(tf.memory().numTensors).toBe(before);
  expect(ranked.map(({ index }) => index)).toEqual([2, 3, 0, 1]);
  expect(ranked[0]!.picture).toBe(pictures[2]);
  const scores = ranked.map(({ score }) => score);
  for (const [i, expected] of [1, 0.8, 0.6, 0].entries()) expect(scores[i]).toBeCloseTo(expected, 5);
  const controller = new AbortController();
  controller.abort(new Error('enough'));
  const { signal } = controller;
  await expect(rerank({ clip, tokenizer, imageProcessor }, 'red', pictures, { signal })).rejects.toThrow(
    'enough',
  );
});
