/** [rows, inner, columns] and which side is transposed: a transformer's forward and backward products. */
export const matmulCases: {
  name: string;
  a: number[];
  b: number[];
  transposeA: boolean;
  transposeB: boolean;
}[] = [
  { name: '1024 cubed', a: [1024, 1024], b: [1024, 1024], transposeA: false, transposeB: false },
  { name: 'linear, forward', a: [4096, 256], b: [256, 1024], transposeA: false, transposeB: false },
  { name: 'linear, dx', a: [4096, 1024], b: [256, 1024], transposeA: false, transposeB: true },
  { name: 'linear, dW', a: [4096, 256], b: [4096, 1024], transposeA: true, transposeB: false },
  { name: 'scores', a: [256, 64, 64], b: [256, 64, 64], transposeA: false, transposeB: true },
  { name: 'weights by values', a: [256, 64, 64], b: [256, 64, 64], transposeA: false, transposeB: false },
];
type Case = (typeof matmulCases)[0];

/** Multiplications and additions. */
export function matmulOperations({ a, b, transposeA, transposeB }: Case): number {
  const batch = a.length === 3 ? a[0]! : 1;
  const rows = a.at(transposeA ? -1 : -2)!;
  const inner = a.at(transposeA ? -2 : -1)!;
  return 2 * batch * rows * inner * b.at(transposeB ? -2 : -1)!;
}
