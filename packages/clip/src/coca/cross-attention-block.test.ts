import '@tensorflow/tfjs-backend-cpu';
import { KeyValueCache, Rng } from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { CrossAttentionBlock } from './cross-attention-block';

beforeAll(() => tf.setBackend('cpu'));

it('sees the same by what it kept of a source, which may be shared, and says when that is nothing', () => {
  const rng = new Rng(1);
  const block = new CrossAttentionBlock({ hiddenSize: 6, numHeads: 2, activation: 'gelu', rng });
  const [x, source] = [3, 5].map((length) => tf.tensor3d(rng.normalArray(12 * length), [2, length, 6]));
  const expected = block.forward(x!, { source: source! });
  const cache = block.createCache(source!);
  const { keys, values } = cache.tensors!;
  const shared = KeyValueCache.holding(tf.clone(keys), tf.clone(values), 5);
  for (const each of [cache, shared]) {
    expectClose(block.forward(x!, { source: each }), expected);
    each.dispose();
  }
  expect(() => block.forward(x!, { source: cache })).toThrow(
    'CrossAttentionBlock: source: expected a cache of createCache, received one that holds nothing.',
  );
});
