/** What the values of a matrix are compared over. */
export type Over = 'none' | 'rows' | 'columns';

/**
 * Softmax of `scale` times the values of each row or column; without, the values themselves.
 *
 * @param values [rows, columns], row after row.
 */
export function softmaxOver(values: ArrayLike<number>, columns: number, scale: number, over: Over): number[] {
  const result = Array.from(values);
  if (over === 'none') return result;
  const rows = values.length / columns;
  const [lines, length] = over === 'rows' ? [rows, columns] : [columns, rows];
  const at = (line: number, i: number) => (over === 'rows' ? line * columns + i : i * columns + line);
  for (let line = 0; line < lines; line++) {
    let most = -Infinity;
    for (let i = 0; i < length; i++) most = Math.max(most, scale * values[at(line, i)]!);
    let sum = 0;
    for (let i = 0; i < length; i++) {
      const power = Math.exp(scale * values[at(line, i)]! - most);
      result[at(line, i)] = power;
      sum += power;
    }
    for (let i = 0; i < length; i++) result[at(line, i)]! /= sum;
  }
  return result;
}
