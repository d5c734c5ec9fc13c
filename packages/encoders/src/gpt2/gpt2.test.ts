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
import { readGPT2Config } from './gpt2-config';
import { GPT2LMHeadModel } from './gpt2-lm-head-model';
import { GPT2Model } from './gpt2-model';
import { gpt2StateDict, gpt2Tensors } from './gpt2-tensors';

const url = (name: string) => new URL(`../../golden/${name}`, import.meta.url);
const golden = readGolden(url('gpt2.safetensors'));
const file = new Uint8Array(readFileSync(url('tiny-gpt2/model.safetensors')));
const json = JSON.parse(readFileSync(url('tiny-gpt2/config.json'), 'utf8'));
const config = readGPT2Config(json);
const ids = (name: string) => golden.tensor(name) as tf.Tensor2D;

const openFile = () => openSafetensors(bytesSource(file, 'model.safetensors'));
async function load() {
  const model = new GPT2LMHeadModel({ ...config, rng: new ZeroRng() });
  await model.loadTensors(gpt2Tensors(await openFile()));
  return model;
}

describe.each(['cpu', 'onnx'])("GPT-2 with transformers' weights, on %s", (backend) => {
  let model: GPT2LMHeadModel;
  beforeAll(async () => {
    await tf.setBackend(backend);
    model = await load();
  });

  it('computes the same logits and hidden states', () => {
    expectClose(model.forward({ inputIds: ids('input_ids') }).logits, golden.tensor('logits'));
    const input = { inputIds: ids('input_ids'), outputHiddenStates: true };
    const { lastHiddenState, hiddenStates } = model.transformer.forward(input);
    expect(hiddenStates).toHaveLength(3);
    for (const [i, state] of hiddenStates!.entries()) expectClose(state, golden.tensor(`hidden_states.${i}`));
    expectClose(lastHiddenState, golden.tensor('hidden_states.2'));
  });

  it.each([false, true])('computes the same gradients, checkpointing: %s', async (gradientCheckpointing) => {
    const { value, gradients } = valueAndGrad(() => {
      const { logits } = model.forward({ inputIds: ids('input_ids') }, { gradientCheckpointing });
      const before = tf.slice(logits, [0, 0, 0], [-1, 4, -1]);
      return softmaxCrossEntropy(before, tf.slice(ids('input_ids'), [0, 1], [-1, 4])) as tf.Scalar;
    }, model.namedParameters());
    expectClose(value, golden.tensor('loss'));
    expect(gradients.size).toBe(model.trainableParameters().size);
    const ofWeights = new GPT2LMHeadModel({ ...config, rng: new ZeroRng() });
    for (const [key, parameter] of ofWeights.namedParameters()) parameter.assign(gradients.get(key)!);
    const published = gpt2StateDict(await ofWeights.stateDict());
    const names = golden.names.filter((name) => name.startsWith('grad.'));
    expect(names).toHaveLength(7);
    for (const name of names) {
      const { bytes } = published[name.slice('grad.'.length)]!;
      expectClose(new Float32Array(bytes.buffer), golden.tensor(name), { relative: 1e-4 });
    }
  });

  it.each(['left', 'right'])('counts positions without padding on the %s', (side) => {
    const attentionMask = ids(`${side}.attention_mask`);
    const { logits } = model.forward({ inputIds: ids('input_ids'), attentionMask });
    const atTokens = (x: tf.Tensor) => tf.mul(x, tf.expandDims(attentionMask, -1));
    expectClose(atTokens(logits), atTokens(golden.tensor(`${side}.logits`)));
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
        const expected = golden.tensor(side ? `${side}.logits` : 'logits');
        expectClose(tf.mul(tf.concat(parts, 1), tokens), tf.mul(expected, tokens));
        for (const cache of caches) cache.dispose();
      }
    },
  );

  it('gives the last position alone on request', () => {
    const { logits } = model.forward({ inputIds: ids('input_ids'), lastOnly: true });
    expect(logits.shape).toEqual([2, 1, 23]);
    expectClose(logits, tf.slice(golden.tensor('logits'), [0, 4, 0], [-1, 1, -1]));
  });

  it('saves the file that transformers saved, byte for byte', async () => {
    const saved = serializeSafetensors(gpt2StateDict(await model.stateDict()), { format: 'pt' });
    expect(Buffer.compare(saved, file)).toBe(0);
  });

  it('leaks nothing', () => {
    const inputIds = ids('input_ids');
    const input = { inputIds, outputHiddenStates: true };
    expectNoLeak(() => tf.dispose({ ...model.transformer.forward(input) }));
    expectNoLeak(() => {
      const caches = model.createCaches();
      model.forward({ inputIds, caches }).logits.dispose();
      for (const cache of caches) cache.dispose();
    });
  });
});

describe('GPT-2', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it('reads files with and without the prefix, with masks and a head besides', async () => {
    const tensors = await (await openFile()).stateDict();
    const bare: StateDict = Object.fromEntries(
      Object.entries(tensors).map(([key, host]) => [key.replace(/^transformer\./, ''), host]),
    );
    const mask = { dtype: 'U8', shape: [1], bytes: new Uint8Array(1) } as const;
    const old = { ...bare, 'h.0.attn.bias': mask, 'h.1.attn.masked_bias': mask };
    const readerOf = (state: StateDict) =>
      gpt2Tensors(tensorReader('old', {}, new Map(Object.entries(state)), async ({ bytes }) => bytes));
    const expected = golden.tensor('hidden_states.2');
    const inputIds = ids('input_ids');
    for (const state of [old, tensors]) {
      const base = new GPT2Model({ ...config, rng: new ZeroRng() });
      await base.loadTensors(readerOf(state));
      expectClose(base.forward({ inputIds }).lastHiddenState, expected);
    }
    const model = new GPT2LMHeadModel({ ...config, rng: new ZeroRng() });
    await model.loadTensors(readerOf({ ...old, 'lm_head.weight': bare['wte.weight']! }));
    expectClose(model.forward({ inputIds }).logits, golden.tensor('logits'));
    expect(Object.keys(await model.stateDict())).not.toContain('lm_head.weight');
  });

  it('starts from normal weights, those before a sum smaller by the number of sums', () => {
    const model = new GPT2Model({ ...config, nEmbd: 48, rng: new Rng(1) });
    const deviation = (x: tf.Tensor) => tf.sqrt(tf.moments(x).variance);
    const weights = model.namedParameters();
    expectClose(deviation(model.wte.weight.value), 0.02, { relative: 0.1 });
    expectClose(deviation(weights.get('h.0.attn.q_proj.weight')!.value), 0.02, { relative: 0.1 });
    expectClose(deviation(weights.get('h.0.mlp.c_proj.weight')!.value), 0.01, { relative: 0.1 });
    expectClose(weights.get('h.0.mlp.c_fc.bias')!.value, tf.zeros([20]));
  });

  it('drops in training as configured', async () => {
    const model = await load();
    const inputIds = ids('input_ids');
    const run = (seed: number) => model.forward({ inputIds }, { training: true, rng: new Rng(seed) }).logits;
    expectClose(run(1), run(1));
    expect(() => expectClose(run(1), run(2))).toThrow();
    const none = new GPT2Model({ ...config, residPdrop: 0, embdPdrop: 0, rng: new Rng(0) });
    none.forward({ inputIds }, { training: true }); // needs no generator
  });

  it('says what cannot be', async () => {
    const model = await load();
    expect(() => model.forward({ inputIds: tf.zeros([1, 20], 'int32') })).toThrow(
      'GPT2Model: inputIds: expected at most 19 tokens, the past included, received 20.',
    );
    const inputIds = ids('input_ids');
    expect(() => model.forward({ inputIds, caches: model.createCaches().slice(1) })).toThrow(
      'GPT2Model: caches: expected 2, one for each layer, received 1. Take createCaches().',
    );
    expect(() => model.forward({ inputIds, attentionMask: tf.ones([2, 4], 'int32') })).toThrow(
      'GPT2Model: attentionMask: expected shape [2, 5], received [2, 4]. It covers what the caches hold, too.',
    );
    expect(() => readGPT2Config({ n_embd: 10, n_head: 3 })).toThrow(
      'readGPT2Config: n_embd: expected a multiple of n_head (3), received 10.',
    );
    expect(() => readGPT2Config({ scale_attn_by_inverse_layer_idx: true })).toThrow(
      'readGPT2Config: scale_attn_by_inverse_layer_idx: expected false, received true.',
    );
    expect(() => readGPT2Config({ model_type: 'bert' })).toThrow(
      'readGPT2Config: model_type: expected "gpt2", received "bert".',
    );
  });
});
