import { DataError, DataLoader, type DataLoaderOptions, type Dataset } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import type { FeatureSample, FeatureSequence, TokenSequence } from './mmsa-features';

/** One modality of a batch, as `@crossmodal/fusion` takes it. */
export type FeatureBatchInput = {
  /** float32 [batch, length, dim] */
  features: tf.Tensor3D;
  /** float32 [batch, length]: 1 where there is something, 0 for padding. */
  mask: tf.Tensor2D;
};

/** A batch, with the parts that its samples have. Whoever takes it disposes it: `tf.dispose(batch)`. */
export type FeatureBatch = {
  text?: FeatureBatchInput;
  audio?: FeatureBatchInput;
  vision?: FeatureBatchInput;
  /** int32 [batch, length] each. */
  tokens?: { inputIds: tf.Tensor2D; attentionMask: tf.Tensor2D; tokenTypeIds: tf.Tensor2D };
  /** float32 [batch] */
  labels: tf.Tensor1D;
  /** float32 [batch] each, by modality. */
  modalityLabels?: Record<string, tf.Tensor1D>;
  keys: string[];
};

/**
 * Batches of feature sequences as tensors, for core's `Trainer` or a loop of one's own.
 *
 * @param options Those of core's `DataLoader`.
 * @throws ConfigError on a bad option. Iterating throws a DataError when samples differ in shape or in what they have.
 * @example
 * for await (const { text, audio, vision, labels, ...rest } of featureBatches(train, { batchSize: 32 })) {
 *   const { fused } = fusion.forward({ text, audio, vision });
 * }
 */
export function featureBatches(
  dataset: Dataset<FeatureSample>,
  options: Omit<DataLoaderOptions<FeatureSample, FeatureBatch>, 'collate'>,
): DataLoader<FeatureSample, FeatureBatch> {
  return new DataLoader(dataset, { ...options, collate: (samples) => collate(samples) });
}

function collate(samples: readonly FeatureSample[]): FeatureBatch {
  /** A part of every sample; undefined where none has it. */
  const all = <K extends keyof FeatureSample>(name: K) => {
    const found = samples.map((sample) => sample[name]).filter((part) => part !== undefined);
    if (found.length > 0 && found.length < samples.length)
      throw new DataError(`featureBatches: ${name}: ${found.length} of ${samples.length} samples have it.`);
    return found.length > 0 ? (found as NonNullable<FeatureSample[K]>[]) : undefined;
  };
  const sequences = (['text', 'audio', 'vision'] as const).map((name) => ({ name, found: all(name) }));
  const found = all('tokens');
  const single = all('modalityLabels');
  // Sizes are checked before the first tensor is made, so that none is left when it fails.
  const values = sequences.flatMap(({ name, found }) => (found ? [{ name, ...joined(found, name) }] : []));
  const tokens = found && tokenTensors(found);
  const names = Object.keys(single?.[0] ?? {});
  return {
    ...Object.fromEntries(
      values.map(({ name, features, mask, length, dim }) => [
        name,
        {
          features: tf.tensor3d(features, [samples.length, length, dim]),
          mask: tf.tensor2d(mask, [samples.length, length]),
        },
      ]),
    ),
    ...(tokens && { tokens }),
    labels: tf.tensor1d(samples.map((sample) => sample.label)),
    ...(single && {
      modalityLabels: Object.fromEntries(
        names.map((name) => [name, tf.tensor1d(single.map((labels) => labels[name]!))]),
      ),
    }),
    keys: samples.map((sample) => sample.key),
  };
}

function joined(found: readonly FeatureSequence[], name: string) {
  const [{ values, mask }] = found as [FeatureSequence];
  const length = mask.length;
  const dim = length === 0 ? 0 : values.length / length;
  return {
    features: concat(
      Float32Array,
      found.map((sequence) => sequence.values),
      name,
    ),
    mask: concat(
      Float32Array,
      found.map((sequence) => sequence.mask),
      name,
    ),
    length,
    dim,
  };
}

function tokenTensors(found: readonly TokenSequence[]) {
  const tensor = (name: keyof TokenSequence) => {
    const rows = found.map((tokens) => tokens[name]);
    return tf.tensor2d(concat(Int32Array, rows, 'tokens'), [found.length, rows[0]!.length], 'int32');
  };
  return {
    inputIds: tensor('inputIds'),
    attentionMask: tensor('attentionMask'),
    tokenTypeIds: tensor('tokenTypeIds'),
  };
}

/** Rows of the same size, one after the other. */
function concat<A extends Float32Array | Int32Array>(
  type: new (length: number) => A,
  rows: readonly A[],
  name: string,
): A {
  const size = rows[0]!.length;
  const all = new type(size * rows.length);
  for (const [i, row] of rows.entries()) {
    if (row.length !== size)
      throw new DataError(
        `featureBatches: ${name}: expected sequences of one size, received ${size} and ${row.length} values.`,
      );
    all.set(row, i * size);
  }
  return all;
}
