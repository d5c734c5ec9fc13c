import { ConfigError, type ForwardContext, type KeyValueCache } from '@crossmodal/core';
import type * as tf from '@tensorflow/tfjs-core';

/** What a decoder reads. */
export interface DecoderInput {
  /** int32 [batch, length] */
  inputIds: tf.Tensor2D;
  /**
   * int32 [batch, past + length]; 1 for a token, 0 for padding, on either side: positions are counted over tokens.
   * Default: all 1.
   */
  attentionMask?: tf.Tensor2D | undefined;
  /** What `createCaches()` gave: they hold the past, and are added to. Default: there is no past. */
  caches?: readonly KeyValueCache[] | undefined;
  /** Whether the states between the layers are returned too. Default false. */
  outputHiddenStates?: boolean | undefined;
}

export interface DecoderOutput {
  /** [batch, length, hiddenSize], normalised. */
  lastHiddenState: tf.Tensor3D;
  /** What goes into the first layer, what comes out of each but the last, and `lastHiddenState`: as transformers' `hidden_states`. */
  hiddenStates?: tf.Tensor3D[];
}

export interface CausalLMInput extends Omit<DecoderInput, 'outputHiddenStates'> {
  /** Whether only the last position's logits are wanted, as in generating: [batch, 1, vocabSize]. Default false. */
  lastOnly?: boolean | undefined;
}

export interface CausalLMOutput {
  /** [batch, length, vocabSize]: at each position, of the token that follows. */
  logits: tf.Tensor3D;
}

/** Any model that tells the next token from those before: what {@link generate} takes. */
export interface CausalLM {
  /** The longest text, in tokens. */
  readonly contextLength: number;
  forward(input: CausalLMInput, context?: ForwardContext): CausalLMOutput;
  /** Empty caches, one for each layer; the caller disposes each. */
  createCaches(): KeyValueCache[];
}

/** Sees that there is a cache for every layer, and tells how many positions they hold. */
export function pastLength(
  caches: readonly KeyValueCache[] | undefined,
  layers: number,
  caller: string,
): number {
  if (!caches) return 0;
  if (caches.length === layers) return caches[0]?.length ?? 0;
  throw new ConfigError(
    `${caller}: caches: expected ${layers}, one for each layer, received ${caches.length}. Take createCaches().`,
  );
}
