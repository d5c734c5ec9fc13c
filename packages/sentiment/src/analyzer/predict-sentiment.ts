import { ConfigError, DataError } from '@crossmodal/core';
import { contribution } from '@crossmodal/fusion';
import * as tf from '@tensorflow/tfjs-core';
import type { SentimentInput } from '../sentiment-sample';
import type { EncodedModalities, MultimodalSentimentAnalyzer } from './multimodal-sentiment-analyzer';
import type { SentimentInputs } from './sentiment-inputs';
import { sentimentTensors } from './sentiment-tensors';

export interface PredictOptions {
  /** Samples that are computed at a time. Default 16. */
  batchSize?: number;
  /** How contributions are measured: see `contribution` of `@crossmodal/fusion`; `none` saves the time. Default `ablation`. */
  contributions?: 'ablation' | 'gradient' | 'integratedGradients' | 'none';
  /** Ends the work: what was asked for is rejected with the signal's reason. */
  signal?: AbortSignal;
}

/** What an analyzer makes of a sample. */
export interface SentimentPrediction {
  /** The class; for regression the score. */
  label: number;
  /** The name of the class; absent for regression. */
  name?: string;
  /** By name of the class, adding up to 1; absent for regression. */
  probabilities?: Record<string, number>;
  /**
   * What each modality that the sample has speaks for (above 0) or against (below) the class that was chosen, or the
   * score: shares whose sizes add up to 1, or zeros where nothing changes it. Absent with `contributions: 'none'`.
   */
  contributions?: Record<string, number>;
}

/** Predictions for samples, in order: see {@link MultimodalSentimentAnalyzer.predict}. */
export async function predictSentiment(
  model: MultimodalSentimentAnalyzer,
  inputs: readonly SentimentInput[],
  options: PredictOptions,
): Promise<SentimentPrediction[]> {
  const { batchSize = 16, signal } = options;
  checkBatchSize(batchSize);
  const predictions: SentimentPrediction[] = [];
  for (let start = 0; start < inputs.length; start += batchSize) {
    const batch = await predictionInputs(model, inputs.slice(start, start + batchSize), start, signal);
    predictions.push(...(await predictBatch(model, batch, options)));
  }
  signal?.throwIfAborted();
  return predictions;
}

/** @throws ConfigError when it is not a positive integer. */
export function checkBatchSize(batchSize: number): void {
  if (!Number.isInteger(batchSize) || batchSize < 1)
    throw new ConfigError(`predict: batchSize: expected an integer from 1, received ${batchSize}.`);
}

/** The tensors of samples; `first` is the number of the first. */
export async function predictionInputs(
  model: MultimodalSentimentAnalyzer,
  inputs: readonly SentimentInput[],
  first: number,
  signal: AbortSignal | undefined,
): Promise<SentimentInputs> {
  signal?.throwIfAborted();
  const names = inputs.map((_, i) => `predict: inputs[${first + i}]`);
  for (const [i, input] of inputs.entries())
    if (typeof input !== 'object' || input === null)
      throw new DataError(`${names[i]}: expected { text, image, audio }, received ${input}.`);
  return sentimentTensors(inputs, model.processors, names, signal);
}

/** Predictions for a batch, whose tensors are released. */
export async function predictBatch(
  model: MultimodalSentimentAnalyzer,
  inputs: SentimentInputs,
  { contributions: method = 'ablation', signal }: PredictOptions,
): Promise<SentimentPrediction[]> {
  let encoded: { features: EncodedModalities; scores: tf.Tensor };
  try {
    encoded = tf.tidy(() => {
      const features = model.encode(inputs);
      const { logits } = model.head.forward(features);
      return { features, scores: model.task === 'regression' ? logits : tf.softmax(logits) };
    });
  } finally {
    tf.dispose({ ...inputs });
  }
  const { features, scores } = encoded;
  try {
    signal?.throwIfAborted();
    const rows = (await scores.array()) as number[][];
    const explained =
      method === 'none'
        ? undefined
        : await contribution((given) => model.head.forward(given).logits, features, { method });
    const there = explained && (await presence(features));
    return rows.map((row, i) => ({
      ...labelled(model, row),
      ...(explained && {
        contributions: Object.fromEntries(
          explained.modalities.flatMap((name, m) =>
            there![name]![i]! > 0 ? [[name, explained.shares[i]![m]!] as const] : [],
          ),
        ),
      }),
    }));
  } finally {
    tf.dispose([features, scores]);
  }
}

function labelled(model: MultimodalSentimentAnalyzer, row: readonly number[]): SentimentPrediction {
  if (model.task === 'regression') return { label: row[0]! };
  const label = row.indexOf(Math.max(...row));
  return {
    label,
    name: model.labels[label]!,
    probabilities: Object.fromEntries(model.labels.map((name, c) => [name, row[c]!])),
  };
}

/** By modality, for each sample whether it has it. */
async function presence(features: EncodedModalities): Promise<Record<string, Float32Array>> {
  const result: Record<string, Float32Array> = {};
  for (const [name, { mask }] of Object.entries(features)) {
    const there = tf.tidy(() => tf.max(tf.reshape(mask, [mask.shape[0], -1]), 1));
    result[name] = (await there.data()) as Float32Array;
    there.dispose();
  }
  return result;
}
