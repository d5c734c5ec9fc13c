import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import { expectClose, expectGradient, expectNoLeak, readGolden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { AdamW, LSTM, Rng, type StateDict, valueAndGrad } from '../index';

const golden = readGolden(new URL('../../golden/lstm.safetensors', import.meta.url));
const close = { absolute: 1e-5, relative: 1e-4 };

function load(name: string): LSTM {
  const start = `${name}.state.`;
  const keys = golden.names.filter((key) => key.startsWith(start));
  const state: StateDict = Object.fromEntries(
    keys.map((key) => {
      const { values, shape } = golden.array(key);
      return [
        key.slice(start.length),
        { dtype: 'F32' as const, shape, bytes: new Uint8Array(values.buffer) },
      ];
    }),
  );
  const module = new LSTM({
    inputSize: 4,
    hiddenSize: 2,
    bidirectional: name.startsWith('both'),
    rng: new Rng(1),
  });
  module.loadStateDict(state);
  return module;
}

const inputs = (name: string) => ({
  x: golden.tensor(`${name}.x`) as tf.Tensor3D,
  mask: name.endsWith('packed') ? (golden.tensor(`${name}.mask`) as tf.Tensor2D) : undefined,
});

describe.each(['cpu', 'onnx'])("LSTM is PyTorch's, on %s", (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  it.each(['one', 'both', 'one_packed', 'both_packed'])('%s', (name) => {
    const module = load(name);
    const { x, mask } = inputs(name);
    const run = (x: tf.Tensor) => {
      const output = module.forward(x, mask);
      return (['output', 'hidden', 'cell'] as const)
        .map((key) => tf.sum(tf.mul(output[key], golden.tensor(`${name}.d_${key}`))))
        .reduce((a, b) => tf.add(a, b)) as tf.Scalar;
    };
    const output = module.forward(x, mask);
    for (const key of ['output', 'hidden', 'cell'] as const)
      expectClose(output[key], golden.tensor(`${name}.${key}`), close);
    expectClose(tf.grad(run)(x), golden.tensor(`${name}.dx`), { absolute: 1e-5, relative: 1e-3 });
    const { gradients } = valueAndGrad(() => run(x), module.namedParameters());
    expect(gradients.size).toBe(name.startsWith('both') ? 8 : 4);
    for (const [key, gradient] of gradients) {
      const inFile = gradient.rank === 2 ? tf.transpose(gradient) : gradient;
      expectClose(inFile, golden.tensor(`${name}.grad.${key}`), { absolute: 1e-5, relative: 1e-3 });
    }
  });
});

describe('LSTM', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it('does not see what is masked, at either end', () => {
    const module = load('both');
    const x = golden.tensor('both.x') as tf.Tensor3D;
    const plain = module.forward(x);
    const padded = tf.concat([tf.fill([3, 2, 4], 7), x, tf.fill([3, 1, 4], 7)], 1);
    const mask = tf.tensor2d([1, 1, 1].map(() => [0, 0, 1, 1, 1, 1, 1, 0]));
    const output = module.forward(padded, mask);
    expectClose(output.hidden, plain.hidden);
    expectClose(tf.slice(output.output, [0, 2, 0], [-1, 5, -1]), plain.output);
    expectClose(tf.slice(output.output, [0, 0, 0], [-1, 2, -1]), tf.zeros([3, 2, 4]));
  });

  it('has the gradient of its values, where only the last state is used too', () => {
    const module = load('both_packed');
    const { x, mask } = inputs('both_packed');
    expectGradient((x) => module.forward(x, mask).hidden, [x]);
  });

  it('leaks nothing', () => {
    const module = load('both_packed');
    const { x, mask } = inputs('both_packed');
    expectNoLeak(() => tf.dispose({ ...module.forward(x, mask) }));
    expectNoLeak(() => {
      const { value, gradients } = valueAndGrad(
        () => tf.sum(module.forward(x, mask).hidden) as tf.Scalar,
        module.namedParameters(),
      );
      tf.dispose([value, ...gradients.values()]);
    });
  });

  it('says which shapes do not fit', () => {
    const module = load('one');
    expect(() => module.forward(tf.ones([2, 5, 3]))).toThrow(
      'LSTM: x: expected shape [?, ?, 4], received [2, 5, 3].',
    );
    expect(() => module.forward(tf.ones([2, 5, 4]), tf.ones([2, 4]))).toThrow(
      'LSTM: mask: expected shape [2, 5], received [2, 4].',
    );
  });

  it('learns which sign came first', () => {
    const rng = new Rng(5);
    const x = tf.tensor3d(rng.normalArray(32 * 6), [32, 6, 1]);
    const y = tf.tidy(() => tf.sign(tf.reshape(tf.slice(x, [0, 0, 0], [-1, 1, 1]), [32, 1])));
    const module = new LSTM({ inputSize: 1, hiddenSize: 8, rng });
    const parameters = module.namedParameters();
    const loss = () => tf.mean(tf.square(tf.sub(tf.sum(module.forward(x).hidden, 1, true), y))) as tf.Scalar;
    const before = tf.tidy(() => loss().dataSync()[0]!);
    const optimizer = new AdamW(parameters);
    for (let i = 0; i < 80; i++) {
      const { value, gradients } = valueAndGrad(loss, parameters);
      optimizer.step(gradients, { learningRate: 0.05 });
      tf.dispose([value, ...gradients.values()]);
    }
    expect(before).toBeGreaterThan(0.9);
    expect(tf.tidy(() => loss().dataSync()[0]!)).toBeLessThan(0.3);
  });
});
