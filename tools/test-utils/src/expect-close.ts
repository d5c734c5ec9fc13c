import type { Tensor } from '@tensorflow/tfjs-core';

type Values = ArrayLike<number> | Tensor | number;

/**
 * Fails unless every `actual` is within `absolute + relative * |expected|` of `expected`, and says where it
 * is not. A NaN on either side fails.
 */
export function expectClose(
  actual: Values,
  expected: Values,
  { absolute = 1e-5, relative = 1e-5 } = {},
): void {
  const a = toArray(actual);
  const e = toArray(expected);
  if (a.length !== e.length) throw new Error(`expectClose: ${a.length} values, expected ${e.length}.`);
  let worst = -1;
  let excess = 0;
  let wrong = 0;
  for (let i = 0; i < a.length; i++) {
    const over = Math.abs(a[i]! - e[i]!) - (absolute + relative * Math.abs(e[i]!));
    if (over <= 0 || a[i] === e[i]) continue;
    wrong++;
    if (worst < 0 || !(over <= excess)) {
      excess = over;
      worst = i;
    }
  }
  if (wrong > 0) {
    throw new Error(
      `expectClose: ${wrong} of ${a.length} values differ; the worst at ${worst}: ${a[worst]}, expected ${e[worst]} ` +
        `(absolute ${absolute}, relative ${relative}).`,
    );
  }
}

function toArray(values: Values): ArrayLike<number> {
  if (typeof values === 'number') return [values];
  return 'dataSync' in values ? (values.dataSync() as ArrayLike<number>) : values;
}
