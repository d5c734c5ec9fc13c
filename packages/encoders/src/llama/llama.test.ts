import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import {
  bytesSource,
  openSafetensors,
  Rng,
  type StateDict,
  serializeSafetensors,
  softmaxCrossEntropy,
  tensorReader,
  valueAndGrad,
  ZeroRng,
} from '@crossmodal/core';
import { expectClose, expectNoLeak, readGolden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type LlamaConfig, readLlamaConfig, writeLlamaConfig } from './llama-config';
import { LlamaForCausalLM } from './llama-for-causal-lm';
import { LlamaModel } from './llama-model';
import { llamaTensors } from './llama-tensors';
import { rotaryFrequencies } from './rotary-frequencies';

const url = (name: string) => new URL(`../../golden/${name}`, import.meta.url);
const golden = readGolden(url('llama.safetensors'));
const ids = (name: string) => golden.tensor(name) as tf.Tensor2D;
const fileOf = (kind: string) => new Uint8Array(readFileSync(url(`tiny-${kind}/model.safetensors`)));
const jsonOf = (kind: string) => JSON.parse(readFileSync(url(`tiny-${kind}/config.json`), 'utf8'));

async function load(kind: string, changes: object = {}) {
  const model = new LlamaForCausalLM({
    ...readLlamaConfig({ ...jsonOf(kind), ...changes }),
    rng: new ZeroRng(),
  });
  await model.loadTensors(llamaTensors(await openSafetensors(bytesSource(fileOf(kind), kind))));
  return model;
}

describe.each(['llama', 'qwen2'].flatMap((kind) => ['cpu', 'onnx'].map((backend) => [kind, backend])))(
  "%s with transformers' weights, on %s",
  (kind, backend) => {
    let model: LlamaForCausalLM;
    beforeAll(async () => {
      await tf.setBackend(backend!);
      model = await load(kind!);
    });

    it('computes the same logits and hidden states', () => {
      expectClose(model.forward({ inputIds: ids('input_ids') }).logits, golden.tensor(`${kind}.logits`));
      const input = { inputIds: ids('input_ids'), outputHiddenStates: true };
      const { lastHiddenState, hiddenStates } = model.model.forward(input);
      expect(hiddenStates).toHaveLength(3);
      for (const [i, state] of hiddenStates!.entries())
        expectClose(state, golden.tensor(`${kind}.hidden_states.${i}`));
      expectClose(lastHiddenState, golden.tensor(`${kind}.hidden_states.2`));
    });

    it.each([false, true])('computes the same gradients, checkpointing: %s', (gradientCheckpointing) => {
      const named = model.namedParameters();
      const { value, gradients } = valueAndGrad(() => {
        const { logits } = model.forward({ inputIds: ids('input_ids') }, { gradientCheckpointing });
        const before = tf.slice(logits, [0, 0, 0], [-1, 4, -1]);
        return softmaxCrossEntropy(before, tf.slice(ids('input_ids'), [0, 1], [-1, 4])) as tf.Scalar;
      }, named);
      expectClose(value, golden.tensor(`${kind}.loss`));
      expect(gradients.size).toBe(named.size);
      const names = golden.names.filter((name) => name.startsWith(`${kind}.grad.`));
      expect(names).toHaveLength(8);
      for (const name of names) {
        const key = name.slice(`${kind}.grad.`.length);
        const gradient = gradients.get(key)!;
        const inFile: tf.Tensor = named.get(key)!.layout === 'linear' ? tf.transpose(gradient) : gradient;
        expectClose(inFile, golden.tensor(name), { relative: 1e-4 });
      }
    });

    it.each(['left', 'right'])('counts positions without padding on the %s', (side) => {
      const attentionMask = ids(`${side}.attention_mask`);
      const { logits } = model.forward({ inputIds: ids('input_ids'), attentionMask });
      const atTokens = (x: tf.Tensor) => tf.mul(x, tf.expandDims(attentionMask, -1));
      expectClose(atTokens(logits), atTokens(golden.tensor(`${kind}.${side}.logits`)));
    });

    it.each([[[1, 1, 1, 1, 1]], [[3, 2]], [[1, 4]]])(
      'gives the same with a cache, in pieces of %j tokens',
      (lengths) => {
        for (const side of [undefined, 'left']) {
          const attentionMask = side ? ids(`${side}.attention_mask`) : undefined;
          const caches = model.createCaches();
          let start = 0;
          const parts = lengths.map((length) => {
            const inputIds = tf.slice(ids('input_ids'), [0, start], [-1, length]);
            start += length;
            const mask = attentionMask && tf.slice(attentionMask, [0, 0], [-1, start]);
            return model.forward({ inputIds, attentionMask: mask, caches }).logits;
          });
          const tokens = attentionMask ? tf.expandDims(attentionMask, -1) : 1;
          const expected = golden.tensor(side ? `${kind}.${side}.logits` : `${kind}.logits`);
          expectClose(tf.mul(tf.concat(parts, 1), tokens), tf.mul(expected, tokens));
          for (const cache of caches) cache.dispose();
        }
      },
    );

    it('gives the last position alone on request', () => {
      const { logits } = model.forward({ inputIds: ids('input_ids'), lastOnly: true });
      expectClose(logits, tf.slice(golden.tensor(`${kind}.logits`), [0, 4, 0], [-1, 1, -1]));
    });

    it('saves the file that transformers saved, byte for byte', async () => {
      const saved = serializeSafetensors(await model.stateDict(), { format: 'pt' });
      expect(Buffer.compare(saved, fileOf(kind!))).toBe(0);
    });

    it('leaks nothing', () => {
      const inputIds = ids('input_ids');
      const input = { inputIds, outputHiddenStates: true };
      expectNoLeak(() => tf.dispose({ ...model.model.forward(input) }));
      expectNoLeak(() => {
        const caches = model.createCaches();
        model.forward({ inputIds, caches }).logits.dispose();
        for (const cache of caches) cache.dispose();
      });
    });
  },
);

describe('Llama', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });
  const inputIds = ids('input_ids');
  const llama3 = {
    factor: 8,
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 40,
  };

  it.each([
    ['theta', { rope_parameters: null, rope_theta: 50 }],
    ['theta', { rope_parameters: { rope_type: 'default', rope_theta: 50 } }],
    ['linear', { rope_parameters: null, rope_scaling: { type: 'linear', factor: 2.5 } }],
    ['linear', { rope_parameters: { rope_type: 'linear', factor: 2.5, rope_theta: 10000 } }],
    ['llama3', { rope_parameters: null, rope_theta: 16, rope_scaling: { rope_type: 'llama3', ...llama3 } }],
    ['llama3', { rope_parameters: { rope_type: 'llama3', rope_theta: 16, ...llama3 } }],
  ])('has the positions of %s, by %j', async (name, changes) => {
    const model = await load('llama', changes);
    expectClose(model.forward({ inputIds }).logits, golden.tensor(`${name}.logits`));
  });

  it("has Llama 3.1's frequencies", () => {
    const scaling = readLlamaConfig({
      rope_scaling: { rope_type: 'llama3', ...llama3, original_max_position_embeddings: 8192 },
    }).ropeScaling;
    const expected = golden.tensor('frequencies');
    expectClose(rotaryFrequencies(128, 500000, scaling), expected, { absolute: 0 });
  });

  it('has biases wherever they are configured', async () => {
    const model = new LlamaForCausalLM({
      ...readLlamaConfig({ ...jsonOf('llama'), attention_bias: true, mlp_bias: true }),
      rng: new ZeroRng(),
    });
    const state: StateDict = {};
    for (const name of golden.names.filter((name) => name.startsWith('biased.state.'))) {
      const { values, shape } = golden.array(name);
      const bytes = new Uint8Array(values.buffer as ArrayBuffer);
      state[name.slice('biased.state.'.length)] = { dtype: 'F32', shape, bytes };
    }
    model.loadStateDict(state);
    expectClose(model.forward({ inputIds }).logits, golden.tensor('biased.logits'));
  });

  it('reads files without the prefix, of a tied head, and with frequencies in them', async () => {
    const state = await (await openSafetensors(bytesSource(fileOf('qwen2'), 'qwen2'))).stateDict();
    const readerOf = (state: StateDict) =>
      llamaTensors(tensorReader('file', {}, new Map(Object.entries(state)), async ({ bytes }) => bytes));
    const bare = Object.fromEntries(
      Object.entries(state).map(([key, host]) => [key.replace(/^model\./, ''), host]),
    );
    const expected = golden.tensor('qwen2.hidden_states.2');
    const config = readLlamaConfig(jsonOf('qwen2'));
    for (const of of [state, bare]) {
      const base = new LlamaModel({ ...config, rng: new ZeroRng() });
      await base.loadTensors(readerOf(of));
      expectClose(base.forward({ inputIds }).lastHiddenState, expected);
    }
    const model = new LlamaForCausalLM({ ...config, rng: new ZeroRng() });
    const frequencies = { dtype: 'F32', shape: [1], bytes: new Uint8Array(4) } as const;
    await model.loadTensors(
      readerOf({
        ...state,
        'lm_head.weight': state['model.embed_tokens.weight']!,
        'model.layers.1.self_attn.rotary_emb.inv_freq': frequencies,
      }),
    );
    expectClose(model.forward({ inputIds }).logits, golden.tensor('qwen2.logits'));
  });

  it('starts from normal weights and no biases', () => {
    const model = new LlamaForCausalLM({
      ...readLlamaConfig({ ...jsonOf('llama'), attention_bias: true }),
      rng: new Rng(1),
    });
    const [layer] = [...model.model.layers];
    const deviation = (x: tf.Tensor) => tf.sqrt(tf.moments(x).variance);
    expectClose(deviation(model.lmHead.weight.value), 0.02, { relative: 0.2 });
    expectClose(deviation(layer!.mlp.gateProj.weight.value), 0.02, { relative: 0.2 });
    expectClose(layer!.selfAttn.qProj.bias!.value, tf.zeros([24]));
  });
});

describe('readLlamaConfig', () => {
  it('reads published configurations', () => {
    const llama2 = readLlamaConfig({
      ...{ model_type: 'llama', hidden_size: 4096, num_attention_heads: 32, num_key_value_heads: null },
      ...{ rms_norm_eps: 1e-5, pretraining_tp: 1, rope_scaling: null, max_position_embeddings: 4096 },
    });
    expect(llama2).toMatchObject({ numKeyValueHeads: 32, headDim: 128, ropeTheta: 10000, rmsNormEps: 1e-5 });
    expect(llama2).not.toHaveProperty('ropeScaling');
    const qwen = readLlamaConfig({
      ...{ model_type: 'qwen2', hidden_size: 896, num_attention_heads: 14, num_key_value_heads: 2 },
      ...{ sliding_window: 32768, use_sliding_window: false, max_window_layers: 21, rope_theta: 1e6 },
    });
    expect(qwen).toMatchObject({ headDim: 64, numKeyValueHeads: 2, ropeTheta: 1e6, vocabSize: 151936 });
    const mistral = readLlamaConfig({ model_type: 'mistral', num_key_value_heads: 8, sliding_window: null });
    expect(mistral).toMatchObject({ numKeyValueHeads: 8, intermediateSize: 14336 });
  });

  it('reads what writeLlamaConfig writes', () => {
    for (const changes of [
      {},
      { rope_scaling: { type: 'linear', factor: 2 } },
      {
        rope_scaling: {
          ...{ rope_type: 'llama3', factor: 8, low_freq_factor: 1, high_freq_factor: 4 },
          original_max_position_embeddings: 8192,
        },
      },
    ]) {
      const config: LlamaConfig = readLlamaConfig({ model_type: 'llama', rope_theta: 7, ...changes });
      const json = JSON.parse(JSON.stringify(writeLlamaConfig(config)));
      expect(json).toMatchObject({ model_type: 'llama', rope_theta: 7, num_key_value_heads: 32 });
      expect(readLlamaConfig(json)).toEqual(config);
    }
  });

  it.each([
    [
      { model_type: 'mistral', sliding_window: 4096, max_position_embeddings: 32768 },
      'readLlamaConfig: sliding_window: expected none, received 4096. Ours attends to the whole text: for texts no ' +
        'longer than the window, set max_position_embeddings to it.',
    ],
    [
      { model_type: 'qwen2', layer_types: ['full_attention', 'sliding_attention'], sliding_window: 64 },
      'readLlamaConfig: sliding_window: expected none, received 64.',
    ],
    [
      { rope_scaling: { type: 'yarn', factor: 4 } },
      'readLlamaConfig: rope_scaling.rope_type: expected one of default, linear, llama3, received "yarn".',
    ],
    [
      { rope_parameters: { rope_type: 'linear' } },
      'readLlamaConfig: rope_parameters.factor: expected a number of at least 1, received null.',
    ],
    [
      { num_attention_heads: 6, num_key_value_heads: 4 },
      'readLlamaConfig: num_key_value_heads: expected a divisor of num_attention_heads (6), received 4.',
    ],
    [
      { hidden_size: 9, num_attention_heads: 3 },
      'readLlamaConfig: head_dim: expected an even number (by default hidden_size / num_attention_heads), received 3.',
    ],
    [{ attention_dropout: 0.1 }, 'readLlamaConfig: attention_dropout: expected 0, received 0.1.'],
    [{ hidden_act: 'gelu' }, 'readLlamaConfig: hidden_act: expected one of silu, received "gelu".'],
  ])('refuses %j', (json, message) => {
    expect(() => readLlamaConfig(json)).toThrow(message);
  });

  it('lets a window pass that no text can be longer than', () => {
    const json = { model_type: 'mistral', sliding_window: 4096, max_position_embeddings: 4096 };
    expect(readLlamaConfig(json).maxPositionEmbeddings).toBe(4096);
  });
});
