import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { bytesSource, Rng, softmaxCrossEntropy, valueAndGrad, ZeroRng } from '@crossmodal/core';
import { openTorchCheckpoint } from '@crossmodal/hub';
import { expectClose, expectNoLeak, readGolden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { generateImageTokens } from '../sampling/generate-image-tokens';
import { MinDALLE, type MinDALLEConfig } from './min-dalle';
import { minDALLE13B } from './presets';

const url = (name: string) => new URL(`../../golden/${name}`, import.meta.url);
const golden = readGolden(url('mindalle.safetensors'));
const checkpoint = new Uint8Array(readFileSync(url('tiny-mindalle/stage2_last.ckpt')));
const config: MinDALLEConfig = {
  textVocabSize: 17,
  textLength: 5,
  codebookSize: 13,
  gridHeight: 2,
  gridWidth: 3,
  hiddenSize: 12,
  numLayers: 2,
  numHeads: 3,
  padTokenId: 16,
};
const ids = (name: string) => golden.tensor(name) as tf.Tensor2D;
const input = () => ({ textIds: ids('text_ids'), imageIds: ids('image_ids') });
const texts = [
  [3, 9, 14],
  [1, 0, 7, 2, 11],
];

async function load() {
  const model = new MinDALLE({ ...config, rng: new ZeroRng() });
  await model.loadTensors(await openTorchCheckpoint(bytesSource(checkpoint, 'stage2_last.ckpt')));
  return model;
}

describe.each(['cpu', 'onnx'])('MinDALLE with published weights, on %s', (backend) => {
  let model: MinDALLE;
  beforeAll(async () => {
    await tf.setBackend(backend);
    model = await load();
  });

  it('computes the same logits', () => {
    const { textLogits, imageLogits } = model.forward(input());
    expectClose(textLogits, golden.tensor('text_logits'), { absolute: 1e-4 });
    expectClose(imageLogits, golden.tensor('image_logits'), { absolute: 1e-4 });
    const first = model.forward({ textIds: ids('text_ids') }).imageLogits; // [2, 1, 13]
    expectClose(first, tf.slice(golden.tensor('image_logits'), [0, 0, 0], [-1, 1, -1]), { absolute: 1e-4 });
  });

  it('computes the same gradients', async () => {
    const { value, gradients } = valueAndGrad(() => {
      const { textLogits, imageLogits } = model.forward(input());
      const text = softmaxCrossEntropy(textLogits, tf.slice(ids('text_ids'), [0, 1], [-1, -1]));
      return tf.add(text, softmaxCrossEntropy(imageLogits, ids('image_ids')));
    }, model.namedParameters());
    expectClose(value, golden.tensor('loss'));
    expect(gradients.size).toBe(model.trainableParameters().size);
    const names = golden.names.filter((name) => name.startsWith('grad.'));
    expect(names).toHaveLength(6);
    for (const name of names) {
      const key = name.slice('grad.'.length);
      const { layout } = model.namedParameters().get(key)!;
      const gradient = gradients.get(key)!;
      const actual = layout === 'linear' ? tf.transpose(gradient) : gradient;
      expectClose(actual, golden.tensor(name), { absolute: 1e-5, relative: 1e-3 });
    }
  });

  it('makes the same tokens, one by one', async () => {
    const greedy = { temperature: 0 };
    expect(await generateImageTokens(model, texts, greedy)).toEqual(ids('greedy').arraySync());
    const after = ids('greedy_after_two').arraySync();
    for (const [i, text] of texts.entries()) {
      const [tokens] = await generateImageTokens(model, [text], { ...greedy, prime: after[i]!.slice(0, 2) });
      expect(tokens).toEqual(after[i]);
    }
  });

  it('leaks nothing', () => {
    const given = input();
    expectNoLeak(() => tf.dispose({ ...model.forward(given) }));
    expectNoLeak(() => {
      const decoder = model.startDecoding({ texts, prime: [[4], [9]] });
      for (const tokens of [undefined, [1, 2], [3, 4]]) decoder.next(tokens).dispose();
      decoder.dispose();
    });
  });
});

describe('MinDALLE', () => {
  let model: MinDALLE;
  beforeAll(async () => {
    await tf.setBackend('cpu');
    model = await load();
  });

  it('sees nothing of the future', () => {
    const logits = (last: number) => {
      const imageIds = tf.tensor2d([[1, 2, 3, last]], [1, 4], 'int32');
      const { imageLogits } = model.forward({ textIds: tf.zeros([1, 5], 'int32'), imageIds });
      return tf.split(imageLogits, [4, 1], 1).map((part) => part.dataSync());
    };
    const [[before, after], [otherBefore, otherAfter]] = [logits(4), logits(5)];
    expect(before).toEqual(otherBefore);
    expect(after).not.toEqual(otherAfter);
  });

  it("has minDALL-E's keys and size", async () => {
    const size = ({ hiddenSize, numLayers, textLength, ...config }: Omit<MinDALLEConfig, 'padTokenId'>) => {
      const rows = 2 * (config.textVocabSize + config.codebookSize) + textLength;
      const vectors = rows + config.gridHeight * config.gridWidth + 2;
      return numLayers * (12 * hiddenSize ** 2 + 13 * hiddenSize) + vectors * hiddenSize;
    };
    expect(model.parameterCount().total).toBe(size(config));
    expect(minDALLE13B.parameterCount).toBe(size(minDALLE13B.config));
    const published = await openTorchCheckpoint(bytesSource(checkpoint, 'stage2_last.ckpt'));
    expect(Object.keys(await model.stateDict()).sort()).toEqual(published.keys().sort());
  });

  it('says what is wrong', () => {
    const make = (sizes: Partial<MinDALLEConfig>) => new MinDALLE({ ...config, ...sizes, rng: new Rng(0) });
    expect(() => make({ padTokenId: 17 })).toThrow(
      'MinDALLE: padTokenId: expected an id of the text vocabulary, [0, 17), received 17.',
    );
    expect(() => make({ numLayers: 0 })).toThrow(
      'MinDALLE: numLayers: expected an integer of at least 1, received 0.',
    );
    expect(() => make({ numHeads: 5 })).toThrow(
      'numHeads: expected a divisor of hiddenSize (12), received 5.',
    );
    expect(() => model.forward({ textIds: tf.zeros([1, 4], 'int32') })).toThrow(
      'MinDALLE: textIds: expected shape [?, 5], received [1, 4].',
    );
    const imageIds = tf.zeros([1, 7], 'int32') as tf.Tensor2D;
    expect(() => model.forward({ textIds: tf.zeros([1, 5], 'int32'), imageIds })).toThrow(
      'MinDALLE: imageIds: expected at most 6 tokens, received 7.',
    );
  });
});
