import { Rng } from '@crossmodal/core';
import { afterAll, describe, expect, it } from 'vitest';
import { recipe } from '../recipe';
import { augmentPicture } from './augment-picture';
import { Augmenter } from './augmenter';
import { stackPictures } from './picture-stack';

describe('Augmenter', () => {
  const pixels = Uint8Array.from({ length: 3 * 8 * 8 * 4 }, (_, i) => (i * 37) % 256);
  const stack = stackPictures([{ pixels, concepts: Int32Array.of(0, 1, 2) }], 8);
  const augmenter = new Augmenter({ stack, strength: recipe.augment, imageSize: 4 });
  afterAll(() => augmenter.close());

  it('gives what augmentPicture gives, each batch its own', async () => {
    const batches = [[0, 2, 1], [1], [2, 2]];
    const made = await Promise.all(batches.map((batch, i) => augmenter.augment(batch, new Rng(i).state())));
    for (const [i, batch] of batches.entries()) {
      const expected = new Float32Array(batch.length * 48);
      const rng = new Rng(i);
      for (const [j, picture] of batch.entries()) {
        augmentPicture(stack, picture, expected, j * 48, 4, { strength: recipe.augment, rng });
      }
      expect(made[i]).toEqual(expected);
    }
  });
});
