import { mapAhead } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import type { SentimentInput } from '../sentiment-sample';
import type { MultimodalSentimentAnalyzer } from './multimodal-sentiment-analyzer';
import {
  checkBatchSize,
  type PredictOptions,
  predictBatch,
  predictionInputs,
  type SentimentPrediction,
} from './predict-sentiment';

/** Predictions for a stream of samples: see {@link MultimodalSentimentAnalyzer.predictStream}. */
export async function* predictSentimentStream(
  model: MultimodalSentimentAnalyzer,
  inputs: AsyncIterable<SentimentInput> | Iterable<SentimentInput>,
  options: PredictOptions,
): AsyncGenerator<SentimentPrediction, void, undefined> {
  const { batchSize = 16, signal } = options;
  checkBatchSize(batchSize);
  const batches = mapAhead(
    groups(inputs, batchSize),
    ({ samples, first }) => predictionInputs(model, samples, first, signal),
    1,
    (unused) => tf.dispose({ ...unused }),
  );
  for await (const batch of batches)
    for (const prediction of await predictBatch(model, batch, options)) {
      signal?.throwIfAborted();
      yield prediction;
    }
}

async function* groups(
  inputs: AsyncIterable<SentimentInput> | Iterable<SentimentInput>,
  size: number,
): AsyncGenerator<{ samples: SentimentInput[]; first: number }, void, undefined> {
  let samples: SentimentInput[] = [];
  let count = 0;
  for await (const input of inputs) {
    samples.push(input);
    count++;
    if (samples.length < size) continue;
    yield { samples, first: count - size };
    samples = [];
  }
  if (samples.length > 0) yield { samples, first: count - samples.length };
}
