import {
  CheckpointError,
  ConfigError,
  formatShape,
  type HostTensor,
  hostTensorFromValues,
  hostTensorValues,
  type StateDict,
} from '@crossmodal/core';

/**
 * Weights between those of two models of one architecture, `(1 - alpha) · a + alpha · b`: between a zero-shot and
 * its fine-tuned model there are some that are better than either where the data shift.
 *
 * @param a State dict at alpha 0, such as the zero-shot model's.
 * @param b State dict at alpha 1, such as the fine-tuned model's. Integers (counters) are taken from it.
 * @param alpha 0 to 1, as a rule.
 * @returns A new state dict, with the dtypes of `a`.
 * @throws CheckpointError when keys, shapes or kinds of dtype differ; ConfigError when alpha is not finite.
 * @see Wortsman et al. 2021, "Robust fine-tuning of zero-shot models", equation 1.
 * @example
 * clip.loadStateDict(interpolateWeights(zeroShot, await clip.stateDict(), 0.5));
 */
export function interpolateWeights(a: StateDict, b: StateDict, alpha: number): StateDict {
  if (!Number.isFinite(alpha))
    throw new ConfigError(`interpolateWeights: alpha: expected a finite number, received ${alpha}.`);
  const onlyOne = [...Object.keys(a).filter((key) => !b[key]), ...Object.keys(b).filter((key) => !a[key])];
  if (onlyOne.length > 0)
    throw new CheckpointError(
      `interpolateWeights: only one of the two has ${onlyOne.slice(0, 5).join(', ')}.`,
    );
  return Object.fromEntries(
    Object.entries(a).map(([key, host]) => [key, between(key, host, b[key]!, alpha)]),
  );
}

function between(key: string, a: HostTensor, b: HostTensor, alpha: number): HostTensor {
  if (formatShape(a.shape) !== formatShape(b.shape)) {
    throw new CheckpointError(
      `interpolateWeights: ${key}: expected shape ${formatShape(a.shape)}, received ${formatShape(b.shape)}.`,
    );
  }
  const [aFloat, bFloat] = [a, b].map(({ dtype }) => dtype.includes('F'));
  if (aFloat !== bFloat)
    throw new CheckpointError(`interpolateWeights: ${key}: expected ${a.dtype}, received ${b.dtype}.`);
  if (!aFloat) return b;
  const [from, to] = [hostTensorValues(a, 'float32'), hostTensorValues(b, 'float32')];
  return hostTensorFromValues(
    from.map((value, i) => (1 - alpha) * value + alpha * to[i]!),
    a.shape,
    a.dtype,
  );
}
