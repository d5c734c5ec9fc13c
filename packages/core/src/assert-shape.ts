import { ShapeError } from './errors';

/**
 * Throws a {@link ShapeError} unless `actual` is `expected`; `null` in `expected` accepts any size.
 *
 * @param what Names the function and argument: `'clipLoss: textFeatures'`.
 * @param hint What to do about it, when that is known.
 */
export function assertShape(
  actual: readonly number[],
  expected: readonly (number | null)[],
  what: string,
  hint?: string,
): void {
  if (actual.length === expected.length && expected.every((size, i) => size === null || size === actual[i]))
    return;
  throw new ShapeError(
    `${what}: expected shape ${formatShape(expected)}, received ${formatShape(actual)}.${hint ? ` ${hint}` : ''}`,
  );
}

/** `[2, ?, 4]` for `[2, null, 4]`. */
export function formatShape(shape: readonly (number | null)[]): string {
  return `[${shape.map((size) => size ?? '?').join(', ')}]`;
}
