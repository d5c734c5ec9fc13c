import '@crossmodal/backend-onnx';
import { AdamW, Linear, type Optimizer, Rng, SGD, useBackend, valueAndGrad } from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { compile } from './compile';

const LEARNING_RATE = 0.1;

/** A layer after an eager step and so many steps more, compiled or not. */
function train(create: (layer: Linear) => Optimizer, isCompiled: boolean, steps = 4): Linear {
  const layer = new Linear(3, 2, { rng: new Rng(1) });
  const optimizer = create(layer);
  const step = (x: tf.Tensor2D) => {
    const loss = () => tf.mean(tf.square(tf.sub(layer.forward(x), 1))) as tf.Scalar;
    const { value, gradients } = valueAndGrad(loss, layer.namedParameters());
    optimizer.step(gradients, { learningRate: LEARNING_RATE });
    return value;
  };
  const compiled = compile(step);
  tf.tidy(() => {
    step(tf.tensor2d(new Rng(2).normalArray(12), [4, 3]));
    for (let i = 0; i < steps; i++) {
      const x = tf.tensor2d(new Rng(3 + i).normalArray(12), [4, 3]);
      if (isCompiled) compiled(x);
      else step(x);
    }
  });
  compiled.dispose();
  return layer;
}

const weightsOf = (layer: Linear) => [...layer.weight.value.dataSync(), ...layer.bias!.value.dataSync()];

describe("an optimizer's step inside of a compiled function", () => {
  beforeAll(() => useBackend('onnx'));

  it.each([
    ['SGD', (layer: Linear) => new SGD(layer)],
    ['SGD with weight decay', (layer: Linear) => new SGD(layer, { weightDecay: 0.1 })],
    ['SGD with momentum', (layer: Linear) => new SGD(layer, { momentum: 0.9 })],
    ['SGD with nesterov', (layer: Linear) => new SGD(layer, { momentum: 0.9, nesterov: true })],
  ])('%s: moves the weights as it does outside, over 5 steps', (_, create) => {
    expectClose(tf.tensor1d(weightsOf(train(create, true))), weightsOf(train(create, false)), {
      relative: 1e-5,
    });
    expect(weightsOf(train(create, true))).not.toEqual(weightsOf(train(create, true, 3)));
  });

  it('needs its variables beforehand, which a first step makes', () => {
    const layer = new Linear(3, 2, { rng: new Rng(1) });
    const optimizer = new SGD(layer, { momentum: 0.9 });
    const step = compile((x: tf.Tensor2D) => {
      const loss = () => tf.mean(tf.square(layer.forward(x))) as tf.Scalar;
      const { value, gradients } = valueAndGrad(loss, layer.namedParameters());
      optimizer.step(gradients, { learningRate: LEARNING_RATE });
      return value;
    });
    expect(() => step(tf.ones([4, 3]))).toThrow(
      'compile: a variable that is made while the function is traced is assigned to. Make it before: an optimizer has ' +
        'its variables after a first step.',
    );
  });

  // AdamW corrects its averages by how many steps it had, a number that it counts itself and a graph does not see.
  it('AdamW: repeats the step that was traced, so that it belongs outside', () => {
    const create = (layer: Linear) => new AdamW(layer);
    const [compiled, eager] = [weightsOf(train(create, true)), weightsOf(train(create, false))];
    expect(Math.max(...compiled.map((value, i) => Math.abs(value - eager[i]!)))).toBeGreaterThan(1e-3);
    expectClose(tf.tensor1d(weightsOf(train(create, true, 1))), weightsOf(train(create, false, 1)));
  });
});
