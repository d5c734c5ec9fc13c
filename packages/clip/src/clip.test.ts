import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { parseSafetensors, Rng, serializeSafetensors, valueAndGrad } from '@crossmodal/core';
import { expectClose, expectNoLeak, readGolden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { CLIP } from './clip';
import { clipLoss } from './clip-loss';

const url = (name: string) => new URL(`../golden/${name}`, import.meta.url);
const golden = readGolden(url('clip_forward.safetensors'));
const file = new Uint8Array(readFileSync(url('tiny-clip/model.safetensors')));
const config = JSON.parse(readFileSync(url('tiny-clip/config.json'), 'utf8'));

const input = () => ({
  pixelValues: golden.tensor('pixel_values') as tf.Tensor4D,
  inputIds: golden.tensor('input_ids') as tf.Tensor2D,
  attentionMask: golden.tensor('attention_mask') as tf.Tensor2D,
});

function load(changes: { text_config?: object; vision_config?: object } = {}) {
  const text_config = { ...config.text_config, ...changes.text_config };
  const vision_config = { ...config.vision_config, ...changes.vision_config };
  const clip = CLIP.fromConfig({ ...config, text_config, vision_config }, { rng: new Rng(0) });
  clip.loadStateDict(parseSafetensors(file).tensors);
  return clip;
}

describe.each(['cpu', 'onnx'])("CLIP with transformers' weights, on %s", (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  it('computes the same features, states and loss', () => {
    const clip = load();
    const { imageFeatures, textFeatures, logitScale } = clip.forward(input());
    expectClose(imageFeatures, golden.tensor('image_features'));
    expectClose(textFeatures, golden.tensor('text_features'));
    expectClose(clipLoss(imageFeatures, textFeatures, logitScale), golden.tensor('loss'));
    const logits = tf.mul(logitScale, tf.matMul(imageFeatures, textFeatures, false, true));
    expectClose(logits, golden.tensor('logits_per_image'));
    expectClose(clip.visionModel.forward(input()).lastHiddenState, golden.tensor('vision.last_hidden_state'));
    expectClose(clip.textModel.forward(input()).lastHiddenState, golden.tensor('text.last_hidden_state'));
  });

  it('computes the same gradient for every parameter', () => {
    const clip = load();
    const { gradients } = valueAndGrad(() => {
      const { imageFeatures, textFeatures, logitScale } = clip.forward(input());
      return clipLoss(imageFeatures, textFeatures, logitScale);
    }, clip.namedParameters());
    const named = clip.namedParameters();
    expect([...gradients.keys()].sort()).toEqual([...named.keys()].sort());
    for (const [key, gradient] of gradients) {
      const inFile: tf.Tensor = toFileLayout(gradient, named.get(key)!.layout);
      expectClose(inFile, golden.tensor(`grad.${key}`));
    }
  });

  it.each([
    ['first_eos', {}],
    ['legacy', { text_config: { eos_token_id: 2 } }],
    ['gelu', { text_config: { hidden_act: 'gelu' }, vision_config: { hidden_act: 'gelu' } }],
  ])('%s: finds the end of text and applies the activation as configured', (name, changes) => {
    const inputIds = golden.tensor('variant_input_ids') as tf.Tensor2D;
    const { imageFeatures, textFeatures } = load(changes).forward({
      ...input(),
      inputIds,
      attentionMask: undefined,
    });
    expectClose(imageFeatures, golden.tensor(`${name}.image_features`));
    expectClose(textFeatures, golden.tensor(`${name}.text_features`));
  });

  it('saves the file that transformers saved, byte for byte', async () => {
    const saved = serializeSafetensors(await load().stateDict(), { format: 'pt' });
    expect(Buffer.compare(saved, file)).toBe(0);
  });

  it('reads as far as the end-of-text token, whatever follows', () => {
    const clip = load();
    const other = golden.tensor('input_ids').arraySync() as number[][];
    other[0]![4] = 7;
    const plain = clip.encodeText({ inputIds: golden.tensor('input_ids') as tf.Tensor2D });
    const changed = clip.encodeText({ inputIds: tf.tensor2d(other, undefined, 'int32') });
    expect([...changed.dataSync()]).toEqual([...plain.dataSync()]);
  });

  it('leaks nothing', () => {
    const clip = load();
    const given = input();
    expectNoLeak(() => tf.dispose({ ...clip.forward(given) }));
    const before = tf.memory().numTensors;
    load().dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('CLIP', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it("starts with OpenAI's scale, and keeps it from 1 to 100", () => {
    const clip = CLIP.fromConfig(config, { rng: new Rng(0) });
    expect(clip.logitScale.shape).toEqual([]);
    expectClose(tf.exp(clip.logitScale.value), 1 / 0.07, { relative: 1e-4 });
    for (const [value, expected] of [
      [7, Math.log(100)],
      [-1, 0],
      [3, 3],
    ] as const) {
      clip.logitScale.assign(tf.scalar(value));
      clip.clampLogitScale();
      expectClose(clip.logitScale.value, expected);
    }
    clip.clampLogitScale(10);
    expectClose(tf.exp(clip.logitScale.value), 10);
  });

  it('has random weights that a seed repeats', async () => {
    const [a, b, c] = await Promise.all(
      [1, 1, 2].map((seed) => CLIP.fromConfig(config, { rng: new Rng(seed) }).stateDict()),
    );
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
  });

  it('has a bias on request only', async () => {
    const { visionModel: visionEncoder, textModel: textEncoder } = load();
    const clip = new CLIP({
      visionEncoder,
      textEncoder,
      projectionDim: 4,
      logitScale: 10,
      logitBias: -10,
      rng: new Rng(1),
    });
    const { logitScale, logitBias } = clip.forward(input());
    expectClose(logitScale, 10);
    expectClose(logitBias!, -10);
    expect(Object.keys(await clip.stateDict())).toContain('logit_bias');
    expect(load().forward(input())).not.toHaveProperty('logitBias');
  });

  it('says what does not fit', () => {
    const clip = load();
    expect(() => clip.encodeImage({ pixelValues: tf.zeros([1, 6, 7, 3]) })).toThrow(
      'CLIPVisionTransformer: pixelValues: expected shape [?, 6, 6, 3], received [1, 6, 7, 3].',
    );
    expect(() => clip.encodeText({ inputIds: tf.zeros([1, 8], 'int32') })).toThrow(
      'CLIPTextTransformer: inputIds: expected at most 7 tokens, received 8. Cut texts with ' +
        'tokenizer.tokenize(texts, { contextLength: 7 }).',
    );
    const { visionModel: visionEncoder, textModel: textEncoder } = clip;
    const rng = new Rng(0);
    expect(() => new CLIP({ visionEncoder, textEncoder, projectionDim: 0, rng })).toThrow(
      'CLIP: projectionDim: expected a positive integer, received 0.',
    );
    expect(() => new CLIP({ visionEncoder, textEncoder, projectionDim: 2, logitScale: 0, rng })).toThrow(
      'CLIP: logitScale: expected a number above 0, received 0.',
    );
  });
});

function toFileLayout(x: tf.Tensor, layout: string): tf.Tensor {
  if (layout === 'linear') return tf.transpose(x);
  return layout === 'conv2d' ? tf.transpose(x, [3, 2, 0, 1]) : x;
}
