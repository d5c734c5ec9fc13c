import type { MultimodalSentimentAnalyzer, SentimentInputs } from '@crossmodal/sentiment';
import * as tf from '@tensorflow/tfjs-core';

const BATCH = 128;

/**
 * What a model says of many samples: probabilities of the classes, or scores (rows of one).
 *
 * @param inputs Of the samples from `start` on, `size` of them; released here.
 */
export async function probabilitiesOf(
  model: MultimodalSentimentAnalyzer,
  count: number,
  inputs: (start: number, size: number) => SentimentInputs,
): Promise<number[][]> {
  const rows: number[][] = [];
  for (let start = 0; start < count; start += BATCH) {
    const batch = inputs(start, Math.min(BATCH, count - start));
    const said = tf.tidy(() => {
      const { logits } = model.forward(batch);
      return model.task === 'regression' ? logits : tf.softmax(logits);
    });
    tf.dispose({ ...batch });
    rows.push(...((await said.array()) as number[][]));
    said.dispose();
  }
  return rows;
}

/** The class of each row: where its greatest value is. */
export function classesOf(rows: readonly (readonly number[])[]): number[] {
  return rows.map((row) => row.indexOf(Math.max(...row)));
}
