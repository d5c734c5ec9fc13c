import { expect, it } from 'vitest';
import { nearestCodes } from './nearest-codes';

it('sorts codes by their distance, the code itself first', () => {
  const codebook = Float32Array.of(0, 0, 3, 4, 0, 0, 0, 1, 6, 8);
  expect(nearestCodes(codebook, 2, 2, 4)).toEqual([
    { id: 2, distance: 0 },
    { id: 0, distance: 0 },
    { id: 3, distance: 1 },
    { id: 1, distance: 5 },
  ]);
  expect(nearestCodes(codebook, 2, 4, 9)).toHaveLength(5);
});
