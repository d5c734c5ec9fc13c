import { expectClose } from '@crossmodal/test-utils';
import { describe, expect, it } from 'vitest';
import { ElementwiseKernel, f32x4 } from './elementwise';

const { add, sub, mul, div, min, max, sqrt, abs, gt, and } = f32x4;
const values = (length: number, seed: number) =>
  Float32Array.from({ length }, (_, i) => Math.sin(i * 1.3 + seed) * 3);

describe('ElementwiseKernel', () => {
  it.each([1, 3, 4, 5, 1000, 70_001])('computes every operation on %i elements', (length) => {
    const kernel = new ElementwiseKernel({ inputs: 2, outputs: 3, scalars: 2 }, ([a, b], [s, t], name) => {
      const sum = name(add(a!, mul(b!, s!)));
      return [div(sum, add(abs(b!), t!)), sub(max(sum, a!), min(sum, b!)), and(sqrt(abs(sum)), gt(a!, b!))];
    });
    const a = values(length, 0);
    const b = values(length, 1);
    const outputs = [0, 1, 2].map(() => new Float32Array(length));
    kernel.run([a, b], outputs, [0.5, 2]);
    const sums = a.map((value, i) => value + b[i]! * 0.5);
    expectClose(
      outputs[0]!,
      sums.map((sum, i) => sum / (Math.abs(b[i]!) + 2)),
    );
    expectClose(
      outputs[1]!,
      sums.map((sum, i) => Math.max(sum, a[i]!) - Math.min(sum, b[i]!)),
    );
    expectClose(
      outputs[2]!,
      sums.map((sum, i) => (a[i]! > b[i]! ? Math.sqrt(Math.abs(sum)) : 0)),
    );
  });

  it('may write where it reads, and does nothing to nothing', () => {
    const swap = new ElementwiseKernel({ inputs: 2, outputs: 2 }, ([a, b]) => [b!, a!]);
    const a = values(9, 0);
    const b = values(9, 1);
    swap.run([a, b], [a, b]);
    expect([...a]).toEqual([...values(9, 1)]);
    expect([...b]).toEqual([...values(9, 0)]);
    swap.run([new Float32Array(0), new Float32Array(0)], [new Float32Array(0), new Float32Array(0)]);
  });
});
