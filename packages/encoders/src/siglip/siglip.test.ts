import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import { l2Normalize, Module, Parameter, Rng, serializeSafetensors, valueAndGrad } from '@crossmodal/core';
import { expectClose, expectNoLeak, readGolden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectGoldenGradients, readTinyModel } from '../../test/tiny-model';
import { SigLIPTextTransformer } from './siglip-text-transformer';
import { readSigLIPTextConfig, readSigLIPVisionConfig } from './siglip-tower-config';
import { SigLIPVisionTransformer } from './siglip-vision-transformer';

const golden = readGolden(new URL('../../golden/siglip.safetensors', import.meta.url));
const tiny = readTinyModel('tiny-siglip');
const visionConfig = readSigLIPVisionConfig(tiny.json['vision_config']);
const textConfig = readSigLIPTextConfig(tiny.json['text_config']);
const close = { absolute: 1e-5, relative: 1e-4 };
const images = () => ({ pixelValues: golden.tensor('pixel_values') as tf.Tensor4D });
const texts = () => ({ inputIds: golden.tensor('input_ids') as tf.Tensor2D });

/** Both towers as transformers' SiglipModel has them, to see that the file is read and written whole. */
class Towers extends Module {
  readonly visionModel = new SigLIPVisionTransformer({ ...visionConfig, rng: new Rng(0) });
  readonly textModel = new SigLIPTextTransformer({ ...textConfig, rng: new Rng(1) });
  readonly logitScale = new Parameter(tf.zeros([1]));
  readonly logitBias = new Parameter(tf.zeros([1]));
}

function load() {
  const towers = new Towers();
  towers.loadStateDict(tiny.state);
  return towers;
}

describe.each(['cpu', 'onnx'])("SigLIP's towers with transformers' weights, on %s", (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  it('computes the same states and vectors of images', () => {
    const output = load().visionModel.forward({ ...images(), outputHiddenStates: true });
    expectClose(output.pooledOutput, golden.tensor('vision.pooler_output'), close);
    expectClose(output.lastHiddenState, golden.tensor('vision.last_hidden_state'), close);
    expect(output.hiddenStates).toHaveLength(4);
    for (const [i, state] of output.hiddenStates!.entries())
      expectClose(state, golden.tensor(`vision.hidden_states.${i}`), close);
  });

  it('computes the same states and vectors of texts, padding seen', () => {
    const { textModel } = load();
    const output = textModel.forward({ ...texts(), outputHiddenStates: true });
    expectClose(output.pooledOutput, golden.tensor('text.pooler_output'), close);
    expectClose(output.lastHiddenState, golden.tensor('text.last_hidden_state'), close);
    expect(output.hiddenStates).toHaveLength(3);
    for (const [i, state] of output.hiddenStates!.entries())
      expectClose(state, golden.tensor(`text.hidden_states.${i}`), close);
    const attentionMask = tf.zeros([3, 5], 'int32') as tf.Tensor2D;
    expectClose(textModel.forward({ ...texts(), attentionMask }).pooledOutput, output.pooledOutput);
    const inputIds = tf.slice(texts().inputIds, [0, 0], [-1, 3]);
    expectClose(textModel.forward({ inputIds }).pooledOutput, golden.tensor('short.pooler_output'), close);
  });

  it('computes the same gradients', () => {
    const towers = load();
    // Zhai et al. 2023, algorithm 1: 1 for a pair, -1 for the others.
    const { value, gradients } = valueAndGrad(() => {
      const image = l2Normalize(towers.visionModel.forward(images()).pooledOutput);
      const text = l2Normalize(towers.textModel.forward(texts()).pooledOutput);
      const cosines = tf.matMul(image, text, false, true);
      const logits = tf.add(tf.mul(cosines, tf.exp(towers.logitScale.value)), towers.logitBias.value);
      const signs = tf.sub(tf.mul(2, tf.eye(3)), 1);
      return tf.div(tf.sum(tf.softplus(tf.neg(tf.mul(signs, logits)))), 3) as tf.Scalar;
    }, towers.trainableParameters());
    expectClose(value, golden.tensor('loss'), close);
    const names = golden.names.filter((name) => name.startsWith('grad.')).map((name) => name.slice(5));
    expect(names).toHaveLength(7);
    const keys = Object.fromEntries(names.map((name) => [name, name]));
    expectGoldenGradients(golden, towers, gradients, keys);
  });

  it('leaks nothing', () => {
    const { visionModel, textModel } = load();
    const context = { training: true, rng: new Rng(1) };
    const image = { ...images(), outputHiddenStates: true };
    expectNoLeak(() => tf.dispose({ ...visionModel.forward(image, context) }));
    const text = { ...texts(), outputHiddenStates: true };
    expectNoLeak(() => tf.dispose({ ...textModel.forward(text, context) }));
  });
});

describe("SigLIP's towers", () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it('save the file that transformers saved, byte for byte', async () => {
    const saved = serializeSafetensors(await load().stateDict(), { format: 'pt' });
    expect(Buffer.compare(saved, tiny.bytes)).toBe(0);
  });

  it('are towers of a CLIP: sizes, padding', () => {
    const { visionModel, textModel } = load();
    expect(visionModel.hiddenSize).toBe(8);
    expect(textModel.hiddenSize).toBe(8); // projection_size, of 12
    expect(textModel.contextLength).toBe(5);
    expect(textModel.padding).toBe('contextLength');
  });

  it('take the mean of the patches where there is no head', () => {
    const tower = new SigLIPVisionTransformer({ ...visionConfig, visionUseHead: false, rng: new Rng(0) });
    expect([...tower.namedParameters().keys()].filter((key) => key.startsWith('head'))).toEqual([]);
    const { pooledOutput, lastHiddenState } = tower.forward(images());
    expectClose(pooledOutput, tf.mean(lastHiddenState, 1));
  });

  it('take images of another size when asked', () => {
    const { visionModel } = load();
    const pixelValues = tf.zeros([2, 4, 11, 3]) as tf.Tensor4D;
    const { lastHiddenState } = visionModel.forward({ pixelValues, interpolatePositions: true });
    expect(lastHiddenState.shape).toEqual([2, 2 * 5, 8]);
    expect(() => visionModel.forward({ pixelValues })).toThrow(
      'SigLIPVisionTransformer: pixelValues: expected shape [?, 7, 7, 3], received [2, 4, 11, 3].',
    );
  });

  it('say what does not fit', () => {
    expect(() => load().textModel.forward({ inputIds: tf.zeros([1, 6], 'int32') })).toThrow(
      'SigLIPTextTransformer: inputIds: expected at most 5 tokens, received 6. Cut texts with ' +
        'tokenizer.tokenize(texts, { contextLength: 5 }).',
    );
  });
});

describe("SigLIP's configurations", () => {
  it("have transformers' defaults", () => {
    expect(readSigLIPVisionConfig({})).toEqual({
      hiddenSize: 768,
      intermediateSize: 3072,
      numHiddenLayers: 12,
      numAttentionHeads: 12,
      numChannels: 3,
      imageSize: 224,
      patchSize: 16,
      hiddenAct: 'gelu_pytorch_tanh',
      layerNormEps: 1e-6,
      visionUseHead: true,
    });
    const text = { vocabSize: 32000, maxPositionEmbeddings: 64, layerNormEps: 1e-6 };
    expect(readSigLIPTextConfig({ hidden_size: 24 })).toMatchObject({ ...text, projectionSize: 24 });
    expect(textConfig.projectionSize).toBe(8);
  });

  it('say what cannot be', () => {
    expect(() => readSigLIPVisionConfig({ attention_dropout: 0.5 }, 'read', 'vision_config.')).toThrow(
      'read: vision_config.attention_dropout: expected 0, received 0.5.',
    );
    expect(() => readSigLIPTextConfig({ hidden_size: 10 })).toThrow(
      'readSigLIPTextConfig: hidden_size: expected a multiple of num_attention_heads (12), received 10.',
    );
  });
});
