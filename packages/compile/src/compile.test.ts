import '@crossmodal/backend-onnx';
import { BatchNorm2d, Linear, Parameter, Rng, useBackend, valueAndGrad } from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { compile } from './compile';
import { TraceError } from './errors';

const x = (rows = 2) => tf.tensor2d(new Rng(1).normalArray(rows * 4), [rows, 4]);

describe('compile', () => {
  beforeAll(async () => {
    await useBackend('onnx');
  });

  it('gives what the function gives, in the structure that it gives', () => {
    const fn = (input: { x: tf.Tensor2D }, factor: number) => ({
      list: [tf.mul(input.x, factor), tf.sum(input.x, 1)],
      same: input.x,
      constant: tf.tensor1d([1, 2, 3]),
      factor,
    });
    const compiled = compile(fn);
    const [expected, received] = [fn({ x: x() }, 3), compiled({ x: x() }, 3)];
    for (const i of [0, 1]) expectClose(received.list[i]!, expected.list[i]!.dataSync());
    expectClose(received.same, x().dataSync());
    expectClose(received.constant, [1, 2, 3]);
    expect(received.factor).toBe(3);
  });

  it('makes one graph for each signature, and keeps as many as it may', () => {
    const compiled = compile((a: tf.Tensor2D, factor: number) => tf.mul(tf.relu(a), factor), {
      maxSignatures: 2,
    });
    compiled(x(2), 1);
    compiled(x(2), 1);
    expect(compiled.compilations).toBe(1);
    compiled(x(3), 1);
    compiled(x(3), 2); // the first leaves
    expect(compiled.compilations).toBe(3);
    compiled(x(3), 1);
    expect(compiled.compilations).toBe(3);
    compiled(x(2), 1);
    expect(compiled.compilations).toBe(4);
    compiled.dispose();
  });

  it('follows variables that change, making the graph anew once', () => {
    const weight = new Parameter(tf.ones([4, 2]));
    const compiled = compile((a: tf.Tensor2D) => tf.matMul(a, weight.value as unknown as tf.Tensor2D));
    const before = compiled(x()).dataSync();
    for (const factor of [2, 3, 4]) {
      weight.assign(tf.mul(tf.ones([4, 2]), factor));
      expectClose(
        compiled(x()),
        before.map((value) => value * factor),
      );
    }
    expect(compiled.compilations).toBe(2);
  });

  it('assigns to variables as the function does, at every run', () => {
    const statistics = () => {
      const norm = new BatchNorm2d(3);
      const images = (i: number) => tf.tensor4d(new Rng(i).normalArray(2 * 4 * 4 * 3, i), [2, 4, 4, 3]);
      const forward = (image: tf.Tensor4D) => norm.forward(image, { training: true });
      return { norm, images, forward };
    };
    const [eager, traced] = [statistics(), statistics()];
    const compiled = compile(traced.forward);
    for (const i of [1, 2, 3])
      expectClose(compiled(traced.images(i)), eager.forward(eager.images(i)).dataSync());
    for (const [key, { value }] of eager.norm.namedParameters())
      expectClose(traced.norm.namedParameters().get(key)!.value, value.dataSync());
  });

  it('draws from generators among the arguments as the function does', () => {
    const fn = ({ rng }: { rng: Rng }) => {
      const child = rng.split('child');
      const first = rng.tensor([3], (r) => r.normalArray(3));
      return tf.concat([
        first,
        child.tensor([2], (r) => r.uniformArray(2)),
        rng.tensor([1], (r) => r.uniformArray(1)),
      ]);
    };
    const compiled = compile(fn);
    for (const seed of [5, 6])
      expectClose(compiled({ rng: new Rng(seed) }), fn({ rng: new Rng(seed) }).dataSync());
    const [one, same] = [new Rng(9), new Rng(9)];
    compiled({ rng: one });
    fn({ rng: same });
    expect(one.state()).toEqual(same.state());
  });

  it('runs gradients, and as it is where a gradient is taken of it', () => {
    const layer = new Linear(4, 3, { rng: new Rng(2) });
    const loss = (a: tf.Tensor2D) => tf.mean(tf.square(layer.forward(a))) as tf.Scalar;
    const gradients = (a: tf.Tensor2D, f = loss) =>
      Object.fromEntries(valueAndGrad(() => f(a), layer.namedParameters()).gradients);
    const expected = gradients(x());
    for (const received of [compile(gradients)(x()), gradients(x(), compile(loss))])
      for (const [key, value] of Object.entries(expected)) expectClose(received[key]!, value.dataSync());
  });

  it('keeps no tensors but those that it gives', () => {
    const layer = new Linear(4, 3, { rng: new Rng(2) });
    const compiled = compile((a: tf.Tensor2D) => tf.softmax(layer.forward(a)));
    const a = x();
    compiled(a).dispose();
    const before = tf.memory().numTensors;
    for (let i = 0; i < 3; i++) compiled(a).dispose();
    expect(tf.memory().numTensors).toBe(before);
    compiled.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('says what cannot be recorded, and how else to do it', () => {
    const failing = (fn: (a: tf.Tensor2D) => unknown) => () => compile(fn)(x());
    expect(failing((a) => (tf.sum(a).dataSync()[0]! > 0 ? a : tf.neg(a)))).toThrow(
      'the values of a result of Sum [] are read while the function is traced, when only shapes are known.',
    );
    expect(failing(async (a) => a)).toThrow('the function returns a promise');
    expect(failing((a) => tf.unique(tf.reshape(a, [8])).values)).toThrow(
      'Unique: this operation cannot be recorded',
    );
    const rng = new Rng(1);
    expect(() => compile((r: Rng) => tf.scalar(r.uniform()))(rng)).toThrow(
      'random numbers are drawn while the function is traced',
    );
    expect(() => compile((items: Map<string, number>) => tf.scalar(items.size))(new Map())).toThrow(
      'the arguments.0: expected tensors, numbers, strings, modules and generators',
    );
    expect(failing((a) => (tf.sum(a).dataSync()[0]! > 0 ? a : tf.neg(a)))).toThrow(TraceError);
    expect(tf.getBackend()).toBe('onnx');
    expectClose(tf.relu(tf.tensor1d([-1, 2])), [0, 2]); // the engine works on
    expect(() => compile((a: tf.Tensor) => a, { maxSignatures: 0 })).toThrow(
      'compile: maxSignatures: expected an integer from 1, received 0.',
    );
  });
});
