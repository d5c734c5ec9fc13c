import { ConfigError, type Rng } from '@crossmodal/core';
import type * as tf from '@tensorflow/tfjs-core';
import { beamSearch } from './beam-search';
import type { CausalLM } from './causal-lm';
import { checkOption, Generation } from './generation';
import { penalizeRepetition, type SamplingOptions, tokenProbabilities } from './token-probabilities';

export interface GenerateOptions extends SamplingOptions {
  /** int32 [batch, length]; 1 for a token, 0 for padding, which has to be on the left. Default: all 1. */
  attentionMask?: tf.Tensor2D | undefined;
  /** At most so many tokens are added. */
  maxNewTokens: number;
  /** A token, or several, that end a row. Default: none does. */
  eosTokenId?: number | readonly number[] | undefined;
  /** What follows the end of a row while others go on. Default: the first of `eosTokenId`. */
  padTokenId?: number | undefined;
  /** Tokens are drawn with it, by the {@link SamplingOptions}. Default: the likeliest is taken (greedy search). */
  rng?: Rng | undefined;
  /** Above 1, tokens that were there before become less likely. Default 1. */
  repetitionPenalty?: number | undefined;
  /** Above 1, so many continuations are kept in view, and the likeliest as a whole is taken (beam search). Default 1. */
  numBeams?: number | undefined;
  /** Beam search divides a text's score by its length to the power of this: above 0, long ones gain. Default 1. */
  lengthPenalty?: number | undefined;
  /** Is told the newest token of each row, as soon as it is known. Not with beams, which know at the end. */
  onToken?: ((tokens: readonly number[]) => void) | undefined;
  /** Ends it early: the promise is rejected with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/**
 * Continues texts, token by token, with caches of keys and values.
 *
 * @param inputIds int32 [batch, length]: the prompts.
 * @returns The new tokens of each row, all rows of the length of the longest: the token that ended a row is there,
 *   and padding after it.
 * @throws ConfigError for options that cannot be, or contradict each other; DataError for padding on the right.
 * @example
 * const [tokens] = await generate(model, inputIds, { maxNewTokens: 20, eosTokenId: 50256, rng: new Rng(1), topP: 0.9 });
 */
export async function generate(
  model: CausalLM,
  inputIds: tf.Tensor2D,
  options: GenerateOptions,
): Promise<number[][]> {
  checkOptions(model, inputIds, options);
  const { maxNewTokens, numBeams = 1, repetitionPenalty = 1, lengthPenalty = 1 } = options;
  const ends = [options.eosTokenId ?? []].flat();
  const isEnd = (token: number) => ends.includes(token);
  const padTokenId = options.padTokenId ?? ends[0] ?? 0;
  const generation = new Generation(model, inputIds, options.attentionMask, options.signal);
  try {
    if (numBeams === 1) return await oneByOne(generation, options, { isEnd, padTokenId, repetitionPenalty });
    const rows = await beamSearch(generation, {
      ...{ maxNewTokens, numBeams, lengthPenalty, repetitionPenalty, isEnd },
      endTokens: ends.length,
    });
    const longest = Math.max(...rows.map((row) => row.length));
    return rows.map((row) => [...row, ...Array<number>(longest - row.length).fill(padTokenId)]);
  } finally {
    generation.dispose();
  }
}

/** Greedy search, or sampling. */
async function oneByOne(
  generation: Generation,
  { maxNewTokens, rng, onToken, ...sampling }: GenerateOptions,
  rules: { isEnd(token: number): boolean; padTokenId: number; repetitionPenalty: number },
): Promise<number[][]> {
  const { isEnd, padTokenId, repetitionPenalty } = rules;
  const rows: number[][] = generation.prompts.map(() => []);
  const hasEnded = rows.map(() => false);
  let logits = await generation.start();
  for (;;) {
    const tokens = logits.map((logits, row) => {
      if (hasEnded[row]) return padTokenId;
      if (repetitionPenalty !== 1)
        penalizeRepetition(logits, [...generation.prompts[row]!, ...rows[row]!], repetitionPenalty);
      const token = rng ? rng.categorical(tokenProbabilities(logits, sampling)) : likeliest(logits);
      hasEnded[row] = isEnd(token);
      return token;
    });
    for (const [row, token] of tokens.entries()) rows[row]!.push(token);
    onToken?.(tokens);
    if (rows[0]!.length === maxNewTokens || hasEnded.every(Boolean)) return rows;
    logits = await generation.next(tokens);
  }
}

/** The index of the greatest; the first of equals. */
function likeliest(logits: Float32Array): number {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i]! > logits[best]!) best = i;
  return best;
}

function checkOptions(model: CausalLM, inputIds: tf.Tensor2D, options: GenerateOptions): void {
  const { maxNewTokens, temperature, topK, topP, rng, numBeams = 1, lengthPenalty, onToken } = options;
  checkOption('maxNewTokens', maxNewTokens, 1, 'an integer');
  checkOption('numBeams', numBeams, 1, 'an integer');
  checkOption('topK', topK, 1, 'an integer');
  const { repetitionPenalty } = options;
  for (const [name, value] of Object.entries({ temperature, topP, repetitionPenalty })) {
    if (value === undefined || (value > 0 && value < Infinity && !(name === 'topP' && value > 1))) continue;
    const most = name === 'topP' ? ' and at most 1' : '';
    throw new ConfigError(`generate: ${name}: expected a number above 0${most}, received ${value}.`);
  }
  if (lengthPenalty !== undefined && !Number.isFinite(lengthPenalty))
    throw new ConfigError(`generate: lengthPenalty: expected a number, received ${lengthPenalty}.`);
  const sampling = { temperature, topK, topP };
  const named = Object.entries(sampling).find(([, value]) => value !== undefined)?.[0];
  if (named !== undefined && !rng) {
    throw new ConfigError(
      `generate: ${named}: is for drawing tokens. Pass a generator too: { ${named}, rng: new Rng(seed) }.`,
    );
  }
  if (numBeams > 1 && (rng || onToken)) {
    throw new ConfigError(
      `generate: ${rng ? 'rng' : 'onToken'}: beam search has no use for it; leave it or numBeams out.`,
    );
  }
  if (numBeams === 1 && lengthPenalty !== undefined)
    throw new ConfigError('generate: lengthPenalty: is for beam search. Pass numBeams too.');
  const length = (inputIds.shape[1] ?? 0) + maxNewTokens;
  if (length > model.contextLength) {
    throw new ConfigError(
      `generate: maxNewTokens: expected at most ${model.contextLength - inputIds.shape[1]}, as the model takes ` +
        `${model.contextLength} tokens and the prompt has ${inputIds.shape[1]}, received ${maxNewTokens}.`,
    );
  }
}
