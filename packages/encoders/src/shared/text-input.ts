import { assertShape, ShapeError } from '@crossmodal/core';
import type * as tf from '@tensorflow/tfjs-core';
import type { TextInput } from './tower';

/** What the text transformers are given. */
export interface TextTransformerInput extends TextInput {
  /** Whether the output has `hiddenStates`. Default false. */
  outputHiddenStates?: boolean | undefined;
}

/** @throws ShapeError when the texts are not [batch, length] or too long. */
export function checkInputIds(inputIds: tf.Tensor2D, contextLength: number, caller: string): void {
  assertShape(inputIds.shape, [null, null], `${caller}: inputIds`);
  const length = inputIds.shape[1];
  if (length <= contextLength) return;
  throw new ShapeError(
    `${caller}: inputIds: expected at most ${contextLength} tokens, received ${length}. Cut ` +
      `texts with tokenizer.tokenize(texts, { contextLength: ${contextLength} }).`,
  );
}
