import '@tensorflow/tfjs-backend-cpu';
import { expectClose, expectGradient, expectNoLeak, useTestEngine } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Rng, rotaryEmbedding, rotaryTables } from '../index';
import { normal } from '../layers/initializers';

const positions = (...ids: number[]) => tf.tensor2d(ids, [1, ids.length], 'int32');
/** WGSL asks for sines to 2^-11 only. */
const precision = () => (tf.getBackend() === 'webgpu' ? { absolute: 2e-3 } : {});
const random = (...shape: number[]) => normal(shape, new Rng(3)) as tf.Tensor4D;

describe('rotaryEmbedding', () => {
  beforeAll(async () => {
    await useTestEngine();
  });

  it('turns each pair by its own angle', () => {
    const x = tf.tensor4d([1, 2, 3, 4, 1, 2, 3, 4], [1, 1, 2, 4]);
    const turned = rotaryEmbedding(x, rotaryTables(positions(0, 5), [0.3, 0.01]));
    const by = (angle: number, a: number, b: number) => [
      a * Math.cos(angle) - b * Math.sin(angle),
      b * Math.cos(angle) + a * Math.sin(angle),
    ];
    const [first, second] = [by(1.5, 1, 3), by(0.05, 2, 4)];
    expectClose(turned, [1, 2, 3, 4, first[0]!, second[0]!, first[1]!, second[1]!], precision());
  });

  it('makes products that depend on distances alone', () => {
    const query = random(1, 1, 1, 6);
    const key = normal([1, 1, 1, 6], new Rng(4)) as tf.Tensor4D;
    const product = (i: number, j: number) => {
      const frequencies = [1, 0.1, 0.02];
      const [q, k] = [
        rotaryEmbedding(query, rotaryTables(positions(i), frequencies)),
        rotaryEmbedding(key, rotaryTables(positions(j), frequencies)),
      ];
      return tf.sum(tf.mul(q, k));
    };
    expectClose(product(7, 4), product(13, 10), precision());
    expect(Math.abs(product(7, 4).dataSync()[0]! - product(7, 5).dataSync()[0]!)).toBeGreaterThan(0.01);
  });

  it('takes positions of its own for each row', () => {
    const ids = tf.tensor2d([0, 1, 4, 5], [2, 2], 'int32');
    const x = random(2, 3, 2, 4);
    const both = rotaryEmbedding(x, rotaryTables(ids, [0.5, 0.1]));
    const second = rotaryEmbedding(tf.slice(x, 1, 1), rotaryTables(positions(4, 5), [0.5, 0.1]));
    expectClose(tf.slice(both, 1, 1), second);
  });

  it('has the gradient of its formula, and leaks nothing', () => {
    const tables = rotaryTables(positions(2, 3, 9), [0.5, 0.1]);
    const x = random(2, 2, 3, 4);
    expectGradient((x) => rotaryEmbedding(x as tf.Tensor4D, tables), [x]);
    expectNoLeak(() => {
      const tables = rotaryTables(positions(2, 3, 9), [0.5, 0.1]);
      tf.dispose([rotaryEmbedding(x, tables), tables.cos, tables.sin]);
    }, 1); // the positions
  });

  it('names what does not fit', () => {
    const tables = rotaryTables(positions(0, 1), [1]);
    expect(() => rotaryEmbedding(random(1, 1, 2, 3), tables)).toThrow(
      'rotaryEmbedding: x: expected an even headDim, received 3.',
    );
    expect(() => rotaryEmbedding(random(1, 1, 3, 2), tables)).toThrow(
      'rotaryEmbedding: cos: expected shape [1, 1, 3, 2], received [1, 1, 2, 2].',
    );
  });
});
