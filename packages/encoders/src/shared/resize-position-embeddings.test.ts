import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import { expectClose, expectGradient, expectNoLeak, readGolden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { resizePositionEmbeddings } from './resize-position-embeddings';

const golden = readGolden(new URL('../../golden/position_resize.safetensors', import.meta.url));
const table = (name: string) => golden.tensor(`${name}.table`) as tf.Tensor2D;

describe.each(['cpu', 'onnx'])('resizePositionEmbeddings on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  it.each([
    ['larger', [3, 3], [5, 5], 1],
    ['smaller', [6, 6], [4, 4], 1],
    ['much_smaller', [16, 16], [3, 3], 0],
    ['wider', [4, 5], [3, 9], 2],
    ['one', [1, 1], [2, 3], 0],
  ] as const)("equals torch's antialiased bicubic: %s", (name, from, to, prefixTokens) => {
    const resized = resizePositionEmbeddings(table(name), { from, to, prefixTokens });
    expect(resized.shape).toEqual([prefixTokens + to[0] * to[1], 3]);
    expectClose(resized, golden.tensor(`${name}.resized`));
  });

  it('gives the same where nothing changes, has gradients, and leaks nothing', () => {
    const same = { from: [3, 3], to: [3, 3], prefixTokens: 1 } as const;
    expectClose(resizePositionEmbeddings(table('larger'), same), table('larger'), { absolute: 0 });
    const grids = { from: [3, 3], to: [2, 4], prefixTokens: 1 } as const;
    expectGradient((x) => resizePositionEmbeddings(x as tf.Tensor2D, grids), [table('larger')]);
    const x = table('larger');
    expectNoLeak(() => resizePositionEmbeddings(x, grids).dispose());
  });
});

describe('resizePositionEmbeddings', () => {
  it('says what does not fit', () => {
    expect(() => resizePositionEmbeddings(table('larger'), { from: [3, 3], to: [2, 2] })).toThrow(
      'resizePositionEmbeddings: table: expected shape [9, ?], received [10, 3]. A grid of 3 x 3 patches with 0 before it.',
    );
    expect(() => resizePositionEmbeddings(table('one'), { from: [1, 1], to: [0, 2] })).toThrow(
      'resizePositionEmbeddings: to: expected a patch or more, received [0, 2].',
    );
  });
});
