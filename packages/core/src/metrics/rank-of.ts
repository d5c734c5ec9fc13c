/**
 * The place of item `index`, from 1, when the `count` scores from `start` on are ordered from high to low, and
 * equal ones by index. NaN when one of the scores is.
 */
export function rankOf(scores: ArrayLike<number>, start: number, count: number, index: number): number {
  const score = scores[start + index]!;
  let rank = 1;
  for (let j = 0; j < count; j++) {
    const other = scores[start + j]!;
    if (other > score || (other === score && j < index)) rank++;
    else if (!(other <= score)) return Number.NaN;
  }
  return rank;
}
