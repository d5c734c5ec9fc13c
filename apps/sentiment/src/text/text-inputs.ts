import type { Tokenizer } from '@crossmodal/processing';
import * as tf from '@tensorflow/tfjs-core';

/** Texts as an analyzer takes them. The caller disposes both. */
export function textInputs(tokenizer: Tokenizer, texts: readonly string[]) {
  const { inputIds, attentionMask, shape } = tokenizer.tokenize(texts);
  return {
    inputIds: tf.tensor2d(inputIds, shape, 'int32'),
    attentionMask: tf.tensor2d(attentionMask, shape, 'int32'),
  };
}
