import { assertShape, ConfigError, DataError } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { batchOf, keepModality, withFeatures } from './modality-edits';
import { featuresOf, type ModalityInputs } from './modality-inputs';

export interface ContributionOptions {
  /**
   * - `ablation` (the default): how far the score falls when the modality is taken away, `f(x) - f(x without m)`.
   * - `gradient`: gradient times input, `sum_i x_i df/dx_i` over the modality's values.
   * - `integratedGradients`: the same with the gradient's mean on the straight way from zeros to the input, of all
   *   modalities at once; contributions add up to `f(x) - f(0)`, the masks being those of `x`. Sundararajan et al.
   *   2017, equation 1.
   */
  method?: 'ablation' | 'gradient' | 'integratedGradients' | undefined;
  /** Points on that way, in the middle of as many equal parts. Default 32. */
  steps?: number | undefined;
  /** Whose score: one output for all, or one for each sample. Default: the highest of each sample. */
  outputs?: number | readonly number[] | undefined;
}

export interface Contribution {
  /** The modalities, in the order of the inputs. */
  modalities: string[];
  /** By sample: the output whose score was looked at. */
  outputs: number[];
  /** By sample, its score. */
  scores: number[];
  /** By sample and modality, in units of the score: above 0 speaks for the output, below 0 against it. */
  values: number[][];
  /** By sample and modality: `values / sum |values|`, in [-1, 1]; zeros where nothing contributes. */
  shares: number[][];
}

const METHODS: readonly string[] = ['ablation', 'gradient', 'integratedGradients'];

/**
 * How much each modality of each sample speaks for an output. A modality that a sample lacks has 0. Where modalities
 * interact, ablation gives each of them all that is lost without it, so that values may add up to more than the score.
 *
 * @param scores From inputs to [batch, outputs], for example logits; each row by its own sample only.
 * @throws ConfigError, DataError when an option or the inputs are out of range; ShapeError when the scores are.
 * @example
 * const { shares } = await contribution((inputs) => classifier.forward(inputs).logits, { text, image });
 * console.log(shares[0]); // of the first sample, [0.8, -0.2]: text for its class, the image against it
 */
export async function contribution(
  scores: (inputs: ModalityInputs) => tf.Tensor2D,
  inputs: ModalityInputs,
  { method = 'ablation', steps = 32, outputs }: ContributionOptions = {},
): Promise<Contribution> {
  if (!METHODS.includes(method))
    throw new ConfigError(`contribution: method: expected one of ${METHODS.join(', ')}, received ${method}.`);
  if (!(Number.isInteger(steps) && steps > 0))
    throw new ConfigError(`contribution: steps: expected a positive integer, received ${steps}.`);
  const batch = batchOf(inputs, 'contribution');
  const modalities = Object.keys(inputs);
  const result = tf.tidy(() => {
    const all = checked(scores(inputs), batch);
    const chosen = choose(all, outputs); // [batch, outputs], one-hot
    const f = (at: ModalityInputs) => tf.sum(tf.mul(checked(scores(at), batch), chosen), 1) as tf.Tensor1D; // [batch]
    const score = f(inputs);
    const columns =
      method === 'ablation'
        ? modalities.map((name) => tf.sub(score, f(keepModality(inputs, name, tf.zeros([batch])))))
        : alongGradient(f, inputs, method === 'gradient' ? [1] : midpoints(steps));
    return { chosen: tf.argMax(chosen, 1), score, values: tf.stack(columns, 1) as tf.Tensor2D };
  });
  try {
    const values = await result.values.array();
    return {
      modalities,
      outputs: Array.from(await result.chosen.data()),
      scores: Array.from(await result.score.data()),
      values,
      shares: values.map(sharesOf),
    };
  } finally {
    tf.dispose(result);
  }
}

const midpoints = (steps: number) => Array.from({ length: steps }, (_, i) => (i + 0.5) / steps);

/** For each modality `sum_i x_i g_i`, [batch], with the mean g of the gradients at the given parts of the input. */
function alongGradient(
  f: (at: ModalityInputs) => tf.Tensor1D,
  inputs: ModalityInputs,
  parts: number[],
): tf.Tensor[] {
  const given = Object.keys(inputs).filter((name) => inputs[name] !== undefined);
  const full = given.map((name) => featuresOf(inputs[name]!));
  const sums = new Map(given.map((name, i) => [name, tf.zerosLike(full[i]!) as tf.Tensor]));
  for (const part of parts) {
    const point = full.map((features) => tf.mul(features, part));
    const at: Record<string, ModalityInputs[string]> = { ...inputs };
    for (const [i, name] of given.entries()) at[name] = withFeatures(inputs[name]!, point[i]!);
    // Null for a modality that the scores do not look at.
    const { grads } = tf.engine().gradients(() => tf.sum(f(at)), point, undefined as never, true);
    for (const [i, name] of given.entries())
      if (grads[i] != null) sums.set(name, tf.add(sums.get(name)!, grads[i]!));
  }
  const batch = full[0]!.shape[0]!;
  return Object.keys(inputs).map((name) => {
    const sum = sums.get(name);
    if (!sum) return tf.zeros([batch]);
    const features = featuresOf(inputs[name]!);
    // Where nothing reaches the scores there is nothing to multiply: what is masked may be no number.
    const product = tf.where(tf.notEqual(sum, 0), tf.mul(features, sum), 0);
    return tf.div(tf.sum(tf.reshape(product, [batch, -1]), 1), parts.length);
  });
}

/** [batch, outputs]: 1 for the output that is looked at. */
function choose(all: tf.Tensor2D, outputs: number | readonly number[] | undefined): tf.Tensor {
  const [batch, count] = all.shape;
  const chosen =
    outputs === undefined ? tf.argMax(all, 1) : tf.tensor1d(listOf(outputs, batch, count), 'int32');
  // tf.oneHot refuses a single output.
  return tf.cast(tf.equal(tf.expandDims(chosen, 1), tf.range(0, count, 1, 'int32')), 'float32');
}

function listOf(outputs: number | readonly number[], batch: number, count: number): number[] {
  const list = typeof outputs === 'number' ? Array<number>(batch).fill(outputs) : [...outputs];
  if (list.length === batch && list.every((x) => Number.isInteger(x) && x >= 0 && x < count)) return list;
  throw new DataError(
    `contribution: outputs: expected an output or ${batch} of them, integers in [0, ${count}), received ${outputs}.`,
  );
}

function checked(scores: tf.Tensor2D, batch: number): tf.Tensor2D {
  assertShape(scores.shape, [batch, null], 'contribution: scores');
  return scores;
}

function sharesOf(values: number[]): number[] {
  const total = values.reduce((sum, value) => sum + Math.abs(value), 0);
  return values.map((value) => (total > 0 ? value / total : 0));
}
