import '@tensorflow/tfjs-backend-cpu';
import { DataError } from '@crossmodal/core';
import { expectNoLeak } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { CodebookUsage } from '../index';

describe('CodebookUsage', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it('counts over batches, from tensors and arrays', async () => {
    const usage = new CodebookUsage({ codebookSize: 8 });
    await usage.add(tf.tensor2d([[0, 1], [1, 5]], [2, 2], 'int32')); // biome-ignore format: a map of codes
    await usage.add([0, 5, 7, 7]);
    expect(usage.usage).toBe(0.5);
    expect(usage.deadShare).toBe(0.5);
    expect(usage.perplexity).toBeCloseTo(4, 10);
    expect(usage.isCollapsed).toBe(false);
    expect(usage.warning).toBeUndefined();
    usage.reset();
    expect([usage.usage, usage.perplexity, usage.isCollapsed]).toEqual([0, 0, false]);
  });

  it('keeps the codebooks of a position apart', async () => {
    const usage = new CodebookUsage({ codebookSize: 4, codesPerPosition: 2 });
    await usage.add([0, 3, 1, 3, 2, 3, 3, 3]);
    expect(usage.usage).toBe(5 / 8);
    expect(usage.perplexity).toBeCloseTo((4 + 1) / 2, 10);
  });

  it('warns of a collapse, with figures', async () => {
    const usage = new CodebookUsage({ codebookSize: 100 });
    await usage.add(Array.from({ length: 1000 }, (_, i) => i % 3));
    expect(usage.isCollapsed).toBe(true);
    expect(usage.warning).toBe(
      'CodebookUsage: the codebook has collapsed: 3 of 100 codes in use (3.0 %), perplexity 3.0 over 1000 positions. ' +
        "What helps: EMAVectorQuantizer's restartThreshold and kMeansIterations, fewer codes, CosineVectorQuantizer " +
        'with a small codebookDim, or FSQ, which has no codebook to learn.',
    );
  });

  it('does not call a few positions a collapse', async () => {
    const usage = new CodebookUsage({ codebookSize: 1000 });
    await usage.add([1, 2, 3, 4]);
    expect(usage.isCollapsed).toBe(false);
  });

  it('refuses what is out of range, and counts nothing of it', async () => {
    const usage = new CodebookUsage({ codebookSize: 4, codesPerPosition: 2 });
    await expect(usage.add([0, 4])).rejects.toThrow(DataError);
    await expect(usage.add([0, 4])).rejects.toThrow(
      "CodebookUsage: codebookIndices: expected integers in [0, 4), the codebook's size, received 4 at 1.",
    );
    await expect(usage.add([0, 1, 2])).rejects.toThrow(
      'CodebookUsage: codebookIndices: expected 2 a position, received 3 in all.',
    );
    expect(usage.usage).toBe(0);
    expect(() => new CodebookUsage({ codebookSize: 4, collapsedBelow: 2 })).toThrow(
      'CodebookUsage: collapsedBelow: expected a share in [0, 1], received 2.',
    );
  });

  it('leaks nothing', () => {
    const usage = new CodebookUsage({ codebookSize: 4 });
    const indices = tf.tensor1d([0, 1], 'int32');
    expectNoLeak(() => void usage.add(indices));
  });
});
