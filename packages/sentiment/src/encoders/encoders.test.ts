import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { type Module, parseSafetensors, Rng, valueAndGrad } from '@crossmodal/core';
import { expectClose, expectNoLeak, readGolden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { FaceExpressionEncoder } from './face-expression-encoder';
import { SpeechEncoder } from './speech-encoder';

const folder = new URL('../../golden/', import.meta.url);
const golden = readGolden(new URL('encoders.safetensors', folder));
const close = { absolute: 1e-5, relative: 1e-4 };

function withWeights<M extends Module>(model: M, file: string): M {
  model.loadStateDict(parseSafetensors(new Uint8Array(readFileSync(new URL(file, folder)))).tensors);
  return model;
}

const speechConfig = {
  numMels: 9,
  hiddenSize: 12,
  convChannels: [4, 6],
  numHeads: 3,
  intermediateSize: 20,
};
const newSpeech = (dropout = 0) => new SpeechEncoder({ ...speechConfig, dropout, rng: new Rng(0) });
const newFace = () => new FaceExpressionEncoder({ hiddenSizes: [4, 6], depth: 2, rng: new Rng(0) });
const speech = () => withWeights(newSpeech(), 'encoders_speech.safetensors');
const face = () => withWeights(newFace(), 'encoders_face.safetensors');

const sounds = () => ({
  audioValues: golden.tensor('speech.audio_values') as tf.Tensor3D,
  audioMask: golden.tensor('speech.audio_mask') as tf.Tensor2D,
});
const pictures = () => ({ pixelValues: golden.tensor('face.pixel_values') as tf.Tensor4D });

/** Compares the gradient of every parameter with PyTorch's. */
function expectGradients(name: string, model: Module, pooled: () => tf.Tensor2D) {
  const loss = () => tf.sum(tf.mul(pooled(), golden.tensor(`${name}.weights`))) as tf.Scalar;
  const { gradients } = valueAndGrad(loss, model.trainableParameters());
  const keys = golden.names.filter((key) => key.startsWith(`${name}.gradient.`));
  expect(gradients.size).toBe(keys.length);
  const axes: Record<string, number[]> = { linear: [1, 0], conv2d: [3, 2, 0, 1] };
  for (const [key, parameter] of model.trainableParameters()) {
    const layout = axes[parameter.layout];
    const gradient = layout ? tf.transpose(gradients.get(key)!, layout) : gradients.get(key)!;
    expectClose(gradient, golden.tensor(`${name}.gradient.${key}`), { absolute: 1e-5, relative: 1e-3 });
    // Softmax does not see what is added to all scores alike.
    if (!key.endsWith('k_proj.bias')) expect(tf.max(tf.abs(gradient)).dataSync()[0]).toBeGreaterThan(1e-5);
  }
}

describe.each(['cpu', 'onnx'])('SpeechEncoder, on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  it('computes what PyTorch computes of each sound alone, padding in the batch or not', () => {
    const { lastHiddenState, pooledOutput, mask } = speech().forward(sounds());
    expect(lastHiddenState.shape).toEqual([3, 3, 12]);
    expect([...mask.dataSync()]).toEqual([1, 1, 1, 1, 1, 0, 1, 0, 0]);
    expectClose(pooledOutput, golden.tensor('speech.pooled_output'), close);
    for (const [i, length] of [3, 2, 1].entries())
      expectClose(
        tf.slice(lastHiddenState, [i, 0, 0], [1, length, 12]),
        golden.tensor(`speech.last_hidden_state.${i}`),
        close,
      );
  });

  it('takes a batch without a mask', () => {
    const audioValues = tf.slice(sounds().audioValues, 0, 1);
    const { lastHiddenState, mask } = speech().forward({ audioValues });
    expectClose(lastHiddenState, golden.tensor('speech.last_hidden_state.0'), close);
    expect([...mask.dataSync()]).toEqual([1, 1, 1]);
  });

  it('is the same whatever the padding holds, and however much there is', () => {
    const { audioValues, audioMask } = sounds();
    const there = tf.cast(tf.expandDims(audioMask, 2), 'bool');
    const encoder = speech();
    const { pooledOutput } = encoder.forward({ audioValues, audioMask });
    const filled = tf.where(there, audioValues, Number.NaN) as tf.Tensor3D;
    expectClose(encoder.forward({ audioValues: filled, audioMask }).pooledOutput, pooledOutput, close);
    const longer = {
      audioValues: tf.pad(audioValues, [
        [0, 0],
        [0, 6],
        [0, 0],
      ]),
      audioMask: tf.pad(audioMask, [
        [0, 0],
        [0, 6],
      ]),
    };
    expectClose(encoder.forward(longer).pooledOutput, pooledOutput, close);
  });

  it('gives zeros for a sample without sound', () => {
    const audioMask = tf.zeros([3, 11], 'int32') as tf.Tensor2D;
    const { pooledOutput } = speech().forward({ ...sounds(), audioMask });
    expect(pooledOutput.dataSync().every((x) => x === 0)).toBe(true);
  });

  it('takes the statistics of the batch in training', () => {
    const { audioValues } = sounds();
    const { lastHiddenState } = speech().forward({ audioValues }, { training: true });
    expectClose(lastHiddenState, golden.tensor('speech.training.last_hidden_state'), close);
  });

  it('has the gradient of every parameter', () => {
    const encoder = speech();
    expectGradients('speech', encoder, () => encoder.forward(sounds()).pooledOutput);
  });

  it('drops in training only, and leaks nothing', () => {
    const encoder = newSpeech(0.5);
    const inputs = sounds();
    const plain = encoder.forward(inputs).pooledOutput;
    const dropped = encoder.forward(inputs, { training: true, rng: new Rng(1) }).pooledOutput;
    expect(() => expectClose(dropped, plain, { absolute: 1e-3 })).toThrow();
    expectNoLeak(() => tf.dispose({ ...encoder.forward(inputs, { training: true, rng: new Rng(1) }) }));
  });
});

describe.each(['cpu', 'onnx'])('FaceExpressionEncoder, on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  it('computes what PyTorch computes', () => {
    const { lastHiddenState, pooledOutput } = face().forward(pictures());
    expect(lastHiddenState.shape).toEqual([2, 20, 6]);
    expectClose(lastHiddenState, golden.tensor('face.last_hidden_state'), close);
    expectClose(pooledOutput, golden.tensor('face.pooled_output'), close);
  });

  it('takes the statistics of the batch in training', () => {
    const { lastHiddenState } = face().forward(pictures(), { training: true });
    expectClose(lastHiddenState, golden.tensor('face.training.last_hidden_state'), close);
  });

  it('has the gradient of every parameter', () => {
    const encoder = face();
    expectGradients('face', encoder, () => encoder.forward(pictures()).pooledOutput);
  });

  it('leaks nothing', () => {
    const encoder = newFace();
    const inputs = pictures();
    expectNoLeak(() => tf.dispose({ ...encoder.forward(inputs, { training: true }) }));
  });
});

describe('what the small encoders refuse', () => {
  const rng = new Rng(0);
  it.each([
    [{ numMels: 0 }, 'SpeechEncoder: numMels: expected a positive integer, received 0.'],
    [
      { convChannels: [4, 0.5] },
      'SpeechEncoder: convChannels[1]: expected a positive integer, received 0.5.',
    ],
    [{ convChannels: [] }, 'SpeechEncoder: convChannels: expected one or more, received none.'],
    [{ numHeads: 5 }, 'MultiHeadAttention: numHeads: expected a divisor of hiddenSize (12), received 5.'],
  ])('says what is wrong with %o', (change, message) => {
    expect(() => new SpeechEncoder({ ...speechConfig, ...change, rng })).toThrow(message);
  });

  it('says what is wrong with stages and inputs', () => {
    expect(() => new FaceExpressionEncoder({ hiddenSizes: [], rng })).toThrow(
      'FaceExpressionEncoder: hiddenSizes: expected one or more, received none.',
    );
    expect(() => new FaceExpressionEncoder({ depth: 0, rng })).toThrow(
      'FaceExpressionEncoder: depth: expected a positive integer, received 0.',
    );
    expect(() => newFace().forward({ pixelValues: tf.zeros([1, 8, 8, 1]) })).toThrow(
      'FaceExpressionEncoder: pixelValues: expected shape [?, ?, ?, 3], received [1, 8, 8, 1].',
    );
    expect(() => newSpeech().forward({ audioValues: tf.zeros([2, 5, 8]) })).toThrow(
      'SpeechEncoder: audioValues: expected shape [?, ?, 9], received [2, 5, 8].',
    );
    const audioMask = tf.zeros([2, 4], 'int32') as tf.Tensor2D;
    expect(() => newSpeech().forward({ audioValues: tf.zeros([2, 5, 9]), audioMask })).toThrow(
      'SpeechEncoder: audioMask: expected shape [2, 5], received [2, 4].',
    );
  });
});
