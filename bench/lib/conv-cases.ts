/** Convolutions of the small residual towers that the main job trains. */
export const convCases = [
  { name: 'stem 4x4/2, 32x32x3 -> 64', size: 32, from: 3, to: 64, kernel: 4, stride: 2, padding: 1 },
  { name: '3x3, 16x16x64 -> 64', size: 16, from: 64, to: 64, kernel: 3, stride: 1, padding: 1 },
  { name: '3x3/2, 16x16x64 -> 128', size: 16, from: 64, to: 128, kernel: 3, stride: 2, padding: 1 },
  { name: '3x3, 8x8x128 -> 128', size: 8, from: 128, to: 128, kernel: 3, stride: 1, padding: 1 },
  { name: '1x1, 16x16x64 -> 256', size: 16, from: 64, to: 256, kernel: 1, stride: 1, padding: 0 },
];

/** Multiplications and additions of one convolution; each gradient has as many. */
export function convOperations(
  batch: number,
  { size, from, to, kernel, stride, padding }: (typeof convCases)[0],
) {
  const out = Math.floor((size + 2 * padding - kernel) / stride) + 1;
  return 2 * batch * out * out * kernel * kernel * from * to;
}
