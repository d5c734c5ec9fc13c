import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import {
  bytesSource,
  hostTensorValues,
  Rng,
  type StateDict,
  softmaxCrossEntropy,
  type TensorReader,
  tensorReader,
  valueAndGrad,
} from '@crossmodal/core';
import { filesInMemory, openFlaxCheckpoint } from '@crossmodal/hub';
import { expectClose, expectNoLeak, readGolden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { generateImageTokens } from '../sampling/generate-image-tokens';
import { DALLEBart } from './dalle-bart';
import { readDALLEBartConfig } from './dalle-bart-config';
import { dalleBartTensors } from './dalle-bart-tensors';

const url = (name: string) => new URL(`../../golden/${name}`, import.meta.url);
const golden = readGolden(url('dalle_mini.safetensors'));
const bytes = (name: string) => new Uint8Array(readFileSync(url(`tiny-dalle-mini/${name}`)));
const files = filesInMemory({
  'config.json': bytes('config.json'),
  'flax_model.msgpack': bytes('flax_model.msgpack'),
});
const ids = (name: string) => golden.tensor(name) as tf.Tensor2D;
const input = () => ({ textIds: ids('text_ids'), imageIds: ids('image_ids') });
const texts = [
  [0, 7, 12, 5, 2],
  [0, 18, 3, 3, 9, 10, 2],
];
const open = () => openFlaxCheckpoint(bytesSource(bytes('flax_model.msgpack'), 'flax_model.msgpack'));

describe.each(['cpu', 'onnx'])('DALLEBart with published weights, on %s', (backend) => {
  let model: DALLEBart;
  beforeAll(async () => {
    await tf.setBackend(backend);
    model = await DALLEBart.fromPretrained(files);
  });

  it('computes the same states and logits', () => {
    const { encoderLastHiddenState, imageLogits } = model.forward(input());
    expectClose(imageLogits, golden.tensor('image_logits'), { absolute: 1e-4 });
    // What is at padding is read by nothing.
    const attentionMask = ids('attention_mask');
    const kept = (x: tf.Tensor) => tf.mul(x, tf.expandDims(attentionMask, -1));
    expectClose(kept(encoderLastHiddenState), kept(golden.tensor('encoder')), { absolute: 1e-4 });
    const given = model.forward({ ...input(), attentionMask }).imageLogits;
    expectClose(given, imageLogits);
    const first = model.forward({ textIds: ids('text_ids') }).imageLogits; // [2, 1, 11]
    expectClose(first, tf.slice(imageLogits, [0, 0, 0], [-1, 1, -1]), { absolute: 1e-5 });
  });

  it('computes the same gradients', async () => {
    const { value, gradients } = valueAndGrad(
      () => softmaxCrossEntropy(model.forward(input()).imageLogits, ids('image_ids')) as tf.Scalar,
      model.namedParameters(),
    );
    expectClose(value, golden.tensor('loss'));
    expect(gradients.size).toBe(model.trainableParameters().size);
    const ofWeights = new DALLEBart({ ...model.config, rng: new Rng(0) });
    for (const [key, parameter] of ofWeights.namedParameters()) parameter.assign(gradients.get(key)!);
    const state = await ofWeights.stateDict();
    const expected = dalleBartTensors(gradientsOfFile());
    const keys = expected.keys();
    expect(keys).toHaveLength(3 + 2 + 4 * 3);
    for (const key of keys) {
      const values = hostTensorValues(await expected.tensor(key), 'float32');
      expectClose(hostTensorValues(state[key]!, 'float32'), values, { absolute: 1e-5, relative: 1e-3 });
    }
  });

  it('makes the same tokens, one by one, with and without guidance', async () => {
    const greedy = { temperature: 0 };
    expect(await generateImageTokens(model, texts, greedy)).toEqual(ids('greedy').arraySync());
    const guided = await generateImageTokens(model, texts, { ...greedy, guidanceScale: 3 });
    expect(guided).toEqual(ids('greedy_guided').arraySync());
    const prime = guided[1]!.slice(0, 4);
    expect(await generateImageTokens(model, [texts[1]!], { ...greedy, guidanceScale: 3, prime })).toEqual([
      guided[1],
    ]);
  });

  it('leaks nothing', () => {
    const given = input();
    expectNoLeak(() => tf.dispose({ ...model.forward(given) }));
    expectNoLeak(() => {
      const decoder = model.startDecoding({ texts: [...texts, []], prime: [[4], [9], [0]] });
      for (const tokens of [undefined, [1, 2, 3], [4, 5, 6]]) decoder.next(tokens).dispose();
      decoder.dispose();
    });
  });
});

/** The gradients in the golden file, as a file of flax. */
function gradientsOfFile(): TensorReader {
  const state: StateDict = {};
  for (const name of golden.names.filter((name) => name.startsWith('grad.'))) {
    const { values, shape } = golden.array(name);
    state[name.slice('grad.'.length)] = { dtype: 'F32', shape, bytes: new Uint8Array(values.buffer) };
  }
  return tensorReader('gradients', {}, new Map(Object.entries(state)), async ({ bytes }) => bytes);
}

describe('DALLEBart', () => {
  let model: DALLEBart;
  beforeAll(async () => {
    await tf.setBackend('cpu');
    model = await DALLEBart.fromPretrained(files);
  });

  it('sees nothing of the future', () => {
    const logits = (last: number) => {
      const imageIds = tf.tensor2d([[1, 2, 3, last]], [1, 4], 'int32');
      const { imageLogits } = model.forward({ textIds: tf.tensor2d([[0, 5, 2]], [1, 3], 'int32'), imageIds });
      return tf.split(imageLogits, [4, 1], 1).map((part) => part.dataSync());
    };
    const [[before, after], [otherBefore, otherAfter]] = [logits(4), logits(5)];
    expect(before).toEqual(otherBefore);
    expect(after).not.toEqual(otherAfter);
  });

  it('computes the same gradients when it keeps less', () => {
    const gradients = (gradientCheckpointing: boolean) =>
      valueAndGrad(
        () =>
          softmaxCrossEntropy(
            model.forward(input(), { training: true, gradientCheckpointing }).imageLogits,
            ids('image_ids'),
          ) as tf.Scalar,
        model.namedParameters(),
      ).gradients;
    const [kept, again] = [gradients(false), gradients(true)];
    expect(again.size).toBe(kept.size);
    for (const [key, gradient] of kept) expectClose(again.get(key)!, gradient, { absolute: 1e-6 });
  });

  it('is the same after saving and loading', async () => {
    const written = (await model.toFiles()) as Record<string, Uint8Array[] | string>;
    const saved = filesInMemory({
      'config.json': written['config.json'] as string,
      'model.safetensors': Buffer.concat(written['model.safetensors'] as Uint8Array[]),
    });
    const again = await DALLEBart.fromPretrained(saved);
    expect(again.config).toEqual(model.config);
    expect(await again.stateDict()).toEqual(await model.stateDict());
  });

  it('reads a stack of layers once', async () => {
    const file = await open();
    const read: string[] = [];
    const counting: TensorReader = {
      ...file,
      tensor(key) {
        read.push(key);
        return file.tensor(key);
      },
    };
    await model.loadTensors(dalleBartTensors(counting));
    expect(read.toSorted()).toEqual(file.keys().toSorted());
  });

  it('reads the sizes of mini-1 and mega-1', () => {
    const mini = readDALLEBartConfig({ model_type: 'dallebart' });
    expect(mini).toMatchObject({ dModel: 1024, decoderStartTokenId: 16384, codebookSize: 16384 });
    // In mega-1's configuration the vocabulary is longer than the VQGAN's.
    const mega = readDALLEBartConfig({ image_vocab_size: 16415, d_model: 2048, encoder_ffn_dim: 4096 });
    expect(mega).toMatchObject({ decoderStartTokenId: 16415, codebookSize: 16384 });
  });

  it('says what is wrong', () => {
    const wrong = (json: Record<string, unknown>) => () => readDALLEBartConfig(json);
    expect(wrong({ ln_positions: 'swinv2' })).toThrow(
      'readDALLEBartConfig: ln_positions: expected "normformer", received "swinv2".',
    );
    expect(wrong({ use_head_scale: true })).toThrow('use_head_scale: expected false, received true.');
    expect(wrong({ d_model: 1030 })).toThrow(
      'd_model: expected a multiple of encoder_attention_heads (16), received 1030.',
    );
    expect(wrong({ image_length: 200 })).toThrow('image_length: expected a square number, received 200.');
    expect(wrong({ decoder_start_token_id: 16385 })).toThrow(
      'decoder_start_token_id: expected at most image_vocab_size (16384), received 16385.',
    );
    expect(wrong({ codebook_size: 16385 })).toThrow(
      'codebook_size: expected 1 to decoder_start_token_id (16384), received 16385.',
    );
    expect(wrong({ model_type: 'bart' })).toThrow('model_type: expected "dallebart", received "bart".');
    expect(() => model.forward({ textIds: tf.zeros([1, 8], 'int32') })).toThrow(
      'DALLEBart: textIds: expected at most 7 tokens, received 8.',
    );
    const imageIds = tf.zeros([1, 10], 'int32') as tf.Tensor2D;
    expect(() => model.forward({ textIds: tf.zeros([1, 3], 'int32'), imageIds })).toThrow(
      'DALLEBart: imageIds: expected at most 9 tokens, received 10.',
    );
    const scalar = {
      'model.encoder.layers.FlaxBartEncoderLayers.LayerNorm_0.bias': {
        dtype: 'F32',
        shape: [],
        bytes: new Uint8Array(4),
      },
    } as const;
    const reader = tensorReader('x', {}, new Map(Object.entries(scalar)), async ({ bytes }) => bytes);
    expect(() => dalleBartTensors(reader)).toThrow('expected a layer a row, received shape [].');
  });
});
