import type { MultimodalSentimentAnalyzer } from '@crossmodal/sentiment';
import * as tf from '@tensorflow/tfjs-core';
import { probabilitiesOf } from './probabilities';

/** What a model says of texts: probabilities of the classes, or scores (rows of one). */
export function textProbabilities(
  model: MultimodalSentimentAnalyzer,
  texts: readonly string[],
): Promise<number[][]> {
  return probabilitiesOf(model, texts.length, (start, size) => {
    const { inputIds, attentionMask, shape } = model.processors.tokenizer!.tokenize(
      texts.slice(start, start + size),
    );
    return {
      inputIds: tf.tensor2d(inputIds, shape, 'int32'),
      attentionMask: tf.tensor2d(attentionMask, shape, 'int32'),
    };
  });
}
