import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { bytesSource, openSafetensors, Rng, ZeroRng } from '@crossmodal/core';
import { expectClose, readGolden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { readGPT2Config } from '../gpt2/gpt2-config';
import { GPT2LMHeadModel } from '../gpt2/gpt2-lm-head-model';
import { gpt2Tensors } from '../gpt2/gpt2-tensors';
import { readLlamaConfig } from '../llama/llama-config';
import { LlamaForCausalLM } from '../llama/llama-for-causal-lm';
import type { CausalLM } from './causal-lm';
import { type GenerateOptions, generate } from './generate';

const url = (name: string) => new URL(`../../golden/${name}`, import.meta.url);
const golden = readGolden(url('gpt2.safetensors'));
const ofLlama = readGolden(url('llama.safetensors'));
const inputIds = () => golden.tensor('input_ids') as tf.Tensor2D;
const attentionMask = () => golden.tensor('prompt.attention_mask') as tf.Tensor2D;
const rows = ({ values, shape: [, length = 0] }: ReturnType<typeof golden.array>) =>
  Array.from({ length: 2 }, (_, i) => [...values.slice(i * length, (i + 1) * length)]);

const filesOf = (kind: string) => ({
  json: JSON.parse(readFileSync(url(`tiny-${kind}/config.json`), 'utf8')),
  weights: openSafetensors(bytesSource(readFileSync(url(`tiny-${kind}/model.safetensors`)), kind)),
});
async function gpt2() {
  const { json, weights } = filesOf('gpt2');
  const model = new GPT2LMHeadModel({ ...readGPT2Config(json), rng: new ZeroRng() });
  await model.loadTensors(gpt2Tensors(await weights));
  return model;
}
async function llama(kind: string) {
  const { json, weights } = filesOf(kind);
  const model = new LlamaForCausalLM({ ...readLlamaConfig(json), rng: new ZeroRng() });
  await model.loadTensors(await weights);
  return model;
}

describe.each(['cpu', 'onnx'])('generate, on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });
  const [eosTokenId, padTokenId] = [0, 21];
  const searches: Record<string, Partial<GenerateOptions>> = {
    greedy: {},
    greedy_eos: { eosTokenId, padTokenId },
    penalty: { repetitionPenalty: 1.7 },
    beam: { numBeams: 3 },
    beam_eos: { numBeams: 3, eosTokenId, padTokenId },
    beam_short: { numBeams: 3, eosTokenId, padTokenId, lengthPenalty: -1 },
    beam_long: { numBeams: 4, eosTokenId: [eosTokenId, 1], padTokenId, lengthPenalty: 2 },
    beam_penalty: { numBeams: 3, eosTokenId, padTokenId, repetitionPenalty: 1.3 },
  };

  it.each(Object.keys(searches))("gives the tokens of transformers' GPT-2: %s", async (name) => {
    const model = await gpt2();
    const mask = name.includes('penalty') ? undefined : attentionMask();
    const options = { ...searches[name], maxNewTokens: 12, attentionMask: mask };
    expect(await generate(model, inputIds(), options)).toEqual(rows(golden.array(`generate.${name}`)));
  });

  it.each(['llama', 'qwen2'])("gives the tokens of transformers' %s", async (kind) => {
    const model = await llama(kind);
    const searches: Record<string, Partial<GenerateOptions>> = {
      greedy: {},
      greedy_eos: { eosTokenId: 8 },
      beam: { eosTokenId: 8, numBeams: 3 },
      beam_short: { eosTokenId: 8, numBeams: 3, lengthPenalty: -1 },
    };
    for (const [name, options] of Object.entries(searches)) {
      const given = { maxNewTokens: 12, attentionMask: attentionMask(), padTokenId: 22, ...options };
      const expected = rows(ofLlama.array(`${kind}.generate.${name}`));
      expect(await generate(model, inputIds(), given), name).toEqual(expected);
    }
  });

  it('leaks nothing, and frees the caches when it is aborted', async () => {
    const model = await gpt2();
    const prompts = inputIds();
    const mask = attentionMask();
    const run = (options: Partial<GenerateOptions>) =>
      generate(model, prompts, { maxNewTokens: 6, ...options });
    await run({});
    const before = tf.memory().numTensors;
    await run({});
    await run({ attentionMask: mask, rng: new Rng(1) });
    await run({ attentionMask: mask, numBeams: 3 });
    const controller = new AbortController();
    const told: (readonly number[])[] = [];
    const onToken = (tokens: readonly number[]) => {
      told.push(tokens);
      // From a timer: it gets its turn between two tokens.
      if (told.length === 2) setTimeout(() => controller.abort(new Error('enough')), 0);
    };
    const aborted = run({ maxNewTokens: 14, onToken, signal: controller.signal });
    await expect(aborted).rejects.toThrow('enough');
    expect(told.length).toBeLessThan(14);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('generate', () => {
  let model: CausalLM;
  beforeAll(async () => {
    await tf.setBackend('cpu');
    model = await gpt2();
  });

  it('tells of each token as it comes, and returns the same', async () => {
    const told: (readonly number[])[] = [];
    const onToken = (tokens: readonly number[]) => told.push(tokens);
    const result = await generate(model, inputIds(), { maxNewTokens: 5, onToken });
    expect(result[1]).toEqual(told.map((tokens) => tokens[1]));
    expect(told).toHaveLength(5);
  });

  it('gives a row the same alone, among others, and with padding', async () => {
    const together = await generate(model, inputIds(), { maxNewTokens: 6, attentionMask: attentionMask() });
    const alone = tf.slice(inputIds(), [1, 2], [1, 3]);
    expect(await generate(model, alone, { maxNewTokens: 6 })).toEqual(together.slice(1));
  });

  it('draws as the probabilities say, the same with the same seed', async () => {
    const draw = (seed: number, options: object = {}) =>
      generate(model, tf.tile(tf.slice(inputIds(), 0, 1), [400, 1]), {
        maxNewTokens: 1,
        rng: new Rng(seed),
        ...options,
      });
    expect(await draw(1)).toEqual(await draw(1));
    const counts = new Float32Array(23);
    for (let seed = 2; seed < 6; seed++) for (const [token] of await draw(seed)) counts[token!]! += 1 / 1600;
    const logits = tf.slice(golden.tensor('logits'), [0, 4, 0], [1, 1, -1]);
    // Four standard deviations of a share of 1600 draws are at most 0.05.
    expectClose(counts, tf.softmax(logits), { absolute: 0.05 });
    const greedy = rows(golden.array('generate.greedy'))[0]![0];
    expect(new Set((await draw(7, { topK: 1 })).flat())).toEqual(new Set([greedy]));
  });

  it.each<[Partial<GenerateOptions>, string]>([
    [{ maxNewTokens: 0 }, 'maxNewTokens: expected an integer of at least 1, received 0.'],
    [
      { maxNewTokens: 15 },
      'maxNewTokens: expected at most 14, as the model takes 19 tokens and the prompt has 5, received 15.',
    ],
    [{ topK: 1.5, rng: new Rng(1) }, 'topK: expected an integer of at least 1, received 1.5.'],
    [{ topP: 1.1, rng: new Rng(1) }, 'topP: expected a number above 0 and at most 1, received 1.1.'],
    [{ temperature: 0, rng: new Rng(1) }, 'temperature: expected a number above 0, received 0.'],
    [{ topP: 0.9 }, 'topP: is for drawing tokens. Pass a generator too: { topP, rng: new Rng(seed) }.'],
    [{ lengthPenalty: 2 }, 'lengthPenalty: is for beam search. Pass numBeams too.'],
    [{ numBeams: 2, rng: new Rng(1) }, 'rng: beam search has no use for it; leave it or numBeams out.'],
  ])('refuses %j', async (options, message) => {
    await expect(generate(model, inputIds(), { maxNewTokens: 3, ...options })).rejects.toThrow(
      `generate: ${message}`,
    );
  });

  it('refuses padding on the right', async () => {
    const attentionMask = tf.tensor2d([1, 1, 1, 1, 1, 1, 1, 1, 0, 0], [2, 5], 'int32');
    await expect(generate(model, inputIds(), { maxNewTokens: 3, attentionMask })).rejects.toThrow(
      'generate: attentionMask: expected padding on the left only and then a token or more, received ' +
        '[1, 1, 1, 0, 0] in row 1.',
    );
  });
});
