import { ConfigError, DataError, type Rng, yieldToEventLoop } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { FeatureDeviation } from './feature-deviation';
import { batchOf, keepModality } from './modality-edits';
import { featuresOf, type ModalityInputs } from './modality-inputs';

export interface RobustnessPoint {
  modality: string;
  /**
   * `noise`: Gaussian noise is added, of `level` times the standard deviation of each of the modality's features.
   * `absence`: samples lack the modality at rate `level`.
   */
  kind: 'noise' | 'absence';
  level: number;
  /** Mean over all samples. */
  score: number;
}

export interface RobustnessCurve {
  /** The mean score of the inputs as they are. */
  clean: number;
  samples: number;
  /** By modality, then noise before absence, then level. */
  points: RobustnessPoint[];
}

export interface RobustnessOptions<B> {
  /** Gone through once for every point and twice before: an array, or what can be gone through again. The caller's tensors. */
  batches: Iterable<B> | AsyncIterable<B>;
  inputs: (batch: B) => ModalityInputs;
  /** The score of each sample, for example 1 where the highest logit is that of its label and 0 elsewhere. */
  score: (inputs: ModalityInputs, batch: B) => ArrayLike<number> | Promise<ArrayLike<number>>;
  /** Multiples of the standard deviation. Default 0.5, 1, 2. */
  noise?: readonly number[] | undefined;
  /** Rates in [0, 1]. Default 0.25, 0.5, 1. */
  absence?: readonly number[] | undefined;
  /** Not advanced. All levels of a kind share their draws, so that a curve shows the level and not the draw. */
  rng: Rng;
  onProgress?: ((progress: { done: number; total: number; point: RobustnessPoint }) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * How a score falls as one modality at a time gets noisy or is missing.
 *
 * @throws ConfigError when a level is out of range; DataError when there are no samples, or scores do not fit them; the
 * signal's reason when it aborts.
 * @example
 * const curve = await robustnessCurve({
 *   batches,
 *   inputs: ({ text, image }) => ({ text, image }),
 *   score: (inputs, { labels }) =>
 *     tf.tidy(() => tf.equal(tf.argMax(classifier.forward(inputs).logits, 1), labels).dataSync()),
 *   rng: new Rng(1),
 * });
 * console.log(robustnessTable(curve));
 */
export async function robustnessCurve<B>(options: RobustnessOptions<B>): Promise<RobustnessCurve> {
  const { noise = [0.5, 1, 2], absence = [0.25, 0.5, 1], rng, onProgress } = options;
  check('noise', noise, Infinity, 'multiples of the standard deviation, 0 or more');
  check('absence', absence, 1, 'rates in [0, 1]');
  const deviations = await measureDeviations(options);
  const { mean: clean, samples } = await meanScore(options, (inputs) => inputs);
  const plan = [...deviations.keys()].flatMap((modality) => [
    ...noise.map((level) => ({ modality, kind: 'noise' as const, level })),
    ...absence.map((level) => ({ modality, kind: 'absence' as const, level })),
  ]);
  const points: RobustnessPoint[] = [];
  for (const { modality, kind, level } of plan) {
    const draws = rng.split(`${kind} ${modality}`);
    const { mean: score } = await meanScore(options, (inputs) =>
      kind === 'noise'
        ? addNoise(inputs, modality, deviations.get(modality)!.values(level), draws)
        : takeAway(inputs, modality, level, draws),
    );
    const point = { modality, kind, level, score };
    points.push(point);
    onProgress?.({ done: points.length, total: plan.length, point });
  }
  return { clean, samples, points };
}

function check(name: string, levels: readonly number[], most: number, expected: string): void {
  if (!levels.every((level) => level >= 0 && level <= most && Number.isFinite(level)))
    throw new ConfigError(`robustnessCurve: ${name}: expected ${expected}, received ${levels.join(', ')}.`);
}

async function measureDeviations<B>({ batches, inputs, signal }: RobustnessOptions<B>) {
  const deviations = new Map<string, FeatureDeviation>();
  for await (const batch of batches) {
    signal?.throwIfAborted();
    for (const [name, input] of Object.entries(inputs(batch))) {
      if (!input) continue;
      if (!deviations.has(name)) deviations.set(name, new FeatureDeviation());
      await deviations.get(name)!.add(input);
    }
  }
  return deviations;
}

async function meanScore<B>(
  { batches, inputs, score, signal }: RobustnessOptions<B>,
  change: (inputs: ModalityInputs) => ModalityInputs,
): Promise<{ mean: number; samples: number }> {
  let total = 0;
  let samples = 0;
  for await (const batch of batches) {
    signal?.throwIfAborted();
    const given = inputs(batch);
    const changed = tf.tidy(() => change(given) as never) as ModalityInputs;
    try {
      const scores = await score(changed, batch);
      const size = batchOf(given, 'robustnessCurve');
      if (scores.length !== size)
        throw new DataError(`robustnessCurve: score: expected ${size} scores, received ${scores.length}.`);
      for (let i = 0; i < size; i++) total += scores[i]!;
      samples += size;
    } finally {
      for (const name of Object.keys(changed))
        if (changed[name] !== given[name]) tf.dispose(changed[name] as never);
    }
    await yieldToEventLoop();
  }
  if (samples === 0)
    throw new DataError(
      'robustnessCurve: batches: expected samples each time, received none. Pass an array, not a generator: they are gone through again for every point.',
    );
  return { mean: total / samples, samples };
}

function addNoise(inputs: ModalityInputs, name: string, scale: Float32Array, rng: Rng): ModalityInputs {
  const input = inputs[name];
  if (!input) return inputs;
  const features = featuresOf(input);
  const draws = tf.tensor(rng.normalArray(features.size), features.shape);
  const noisy = tf.add(features, tf.mul(draws, tf.tensor1d(scale))) as tf.Tensor3D;
  // The mask is a tensor of its own, so that all of a changed input can be released.
  return {
    ...inputs,
    [name]:
      input instanceof tf.Tensor ? noisy : { features: noisy, mask: input.mask && tf.clone(input.mask) },
  };
}

function takeAway(inputs: ModalityInputs, name: string, rate: number, rng: Rng): ModalityInputs {
  const kept = rng.uniformArray(batchOf(inputs, 'robustnessCurve')).map((draw) => (draw < rate ? 0 : 1));
  return keepModality(inputs, name, tf.tensor1d(kept));
}
