/**
 * The codes nearest to one of them, that one first, with their Euclidean distances.
 *
 * @param codebook [codes, dim], row after row.
 */
export function nearestCodes(
  codebook: Float32Array,
  dim: number,
  id: number,
  count: number,
): { id: number; distance: number }[] {
  const codes = codebook.length / dim;
  const all = Array.from({ length: codes }, (_, other) => {
    let sum = 0;
    for (let i = 0; i < dim; i++) sum += (codebook[id * dim + i]! - codebook[other * dim + i]!) ** 2;
    return { id: other, distance: Math.sqrt(sum) };
  });
  // The code itself before one that is equal to it.
  all.sort((a, b) => a.distance - b.distance || Number(b.id === id) - Number(a.id === id) || a.id - b.id);
  return all.slice(0, count);
}
