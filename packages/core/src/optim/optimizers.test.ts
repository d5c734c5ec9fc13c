import '@tensorflow/tfjs-backend-cpu';
import { expectClose, expectNoLeak, readGolden, useTestEngine } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  Adafactor,
  Adam,
  AdamW,
  clipScale,
  globalNorm,
  Lion,
  type Optimizer,
  Parameter,
  SGD,
  WeightAverage,
} from '../index';

const golden = readGolden(new URL('../../golden/optimizers.safetensors', import.meta.url));
const NAMES = ['matrix', 'bias', 'cube', 'scale'];

type Parameters = Map<string, Parameter>;

const makeParameters = (): Parameters =>
  new Map(NAMES.map((name) => [name, new Parameter(golden.tensor(`initial.${name}`))]));

const disposeParameters = (parameters: Parameters) => {
  for (const parameter of parameters.values()) parameter.dispose();
};

function gradientsAt(step: number): Map<string, tf.Tensor> {
  return new Map(
    NAMES.map((name) => {
      const { values, shape } = golden.array(`gradients.${name}`);
      const size = shape.slice(1).reduce((a, b) => a * b, 1);
      return [name, tf.tensor(values.slice(step * size, (step + 1) * size), shape.slice(1))];
    }),
  );
}

const flat = (parameters: Parameters) => NAMES.flatMap((name) => [...parameters.get(name)!.value.dataSync()]);

function run(
  make: (parameters: Parameters) => Optimizer,
  afterStep: (done: number, parameters: Parameters) => void,
  { maxNorm = undefined as number | undefined, steps = 50 } = {},
): void {
  const parameters = makeParameters();
  const optimizer = make(parameters);
  for (let step = 0; step < steps; step++) {
    const gradients = gradientsAt(step);
    const norm = globalNorm(gradients);
    const gradientScale = maxNorm === undefined ? 1 : clipScale(norm.dataSync()[0]!, maxNorm);
    optimizer.step(gradients, { learningRate: 0.02 * (1 - step / 100), gradientScale });
    tf.dispose([norm, ...gradients.values()]);
    afterStep(step + 1, parameters);
  }
  optimizer.dispose();
  disposeParameters(parameters);
}

describe('optimizers equal PyTorch over 50 steps', () => {
  beforeAll(async () => {
    await useTestEngine();
  });

  const optimizers: Record<string, (parameters: Parameters) => Optimizer> = {
    sgd: (p) => new SGD(p),
    sgd_decay: (p) => new SGD(p, { weightDecay: 0.1 }),
    sgd_momentum: (p) => new SGD(p, { momentum: 0.9, dampening: 0.3, weightDecay: 0.1 }),
    sgd_nesterov: (p) => new SGD(p, { momentum: 0.9, nesterov: true, weightDecay: 0.1 }),
    adam: (p) => new Adam(p),
    adam_decay: (p) => new Adam(p, { betas: [0.8, 0.95], epsilon: 1e-3, weightDecay: 0.1 }),
    adamw: (p) => new AdamW(p),
    adamw_decay: (p) => new AdamW(p, { betas: [0.8, 0.95], epsilon: 1e-3, weightDecay: 0.1 }),
    lion: (p) => new Lion(p),
    lion_decay: (p) => new Lion(p, { betas: [0.8, 0.95], weightDecay: 0.1 }),
    adafactor: (p) => new Adafactor(p),
    adafactor_decay: (p) =>
      new Adafactor(p, { beta2Decay: -0.5, epsilon: [0.5, 1], clipThreshold: 1.5, weightDecay: 0.1 }),
  };

  for (const [name, make] of Object.entries(optimizers)) {
    it(name, () => {
      run(make, (done, parameters) => {
        if (golden.names.includes(`${name}.${done}`))
          expectClose(flat(parameters), golden.array(`${name}.${done}`).values);
      });
    });

    if (['sgd', 'adam', 'adamw', 'lion', 'adafactor'].includes(name)) {
      it(`${name} is not moved, and not harmed, by gradients of 0`, () => {
        const parameters = makeParameters();
        const weights = flat(parameters);
        const options = { groups: [{ match: '*', weightDecay: 0 }] };
        const optimizer = name === 'adamw' ? new AdamW(parameters, options) : make(parameters);
        const zeros = new Map([...parameters].map(([key, { shape }]) => [key, tf.zeros(shape)]));
        for (let i = 0; i < 2; i++) optimizer.step(zeros, { learningRate: 0.1 });
        expect(flat(parameters)).toEqual(weights);
      });
    }

    it(`${name} leaks nothing`, () => {
      expectNoLeak(() => run(make, () => {}, { steps: 3 }));
    });
  }

  for (const name of ['sgd', 'adamw']) {
    it(`${name} with gradients clipped by global norm`, () => {
      const norms = golden.array(`${name}_clipped.norms`).values;
      expect(norms.some((norm) => norm < 3) && norms.some((norm) => norm > 3)).toBe(true);
      run(
        optimizers[name]!,
        (done, parameters) => {
          const gradients = gradientsAt(done - 1);
          const norm = globalNorm(gradients);
          expectClose(norm, [norms[done - 1]!]);
          tf.dispose([norm, ...gradients.values()]);
          if (golden.names.includes(`${name}_clipped.${done}`))
            expectClose(flat(parameters), golden.array(`${name}_clipped.${done}`).values);
        },
        { maxNorm: 3 },
      );
    });
  }

  it('WeightAverage equals swa_utils', async () => {
    const parameters = makeParameters();
    const optimizer = new AdamW(parameters);
    const average = new WeightAverage(parameters, { decay: 0.9 });
    let compared = 0;
    for (let step = 0; step < 50; step++) {
      const gradients = gradientsAt(step);
      optimizer.step(gradients, { learningRate: 0.02 * (1 - step / 100) });
      tf.dispose([...gradients.values()]);
      average.update();
      if (!golden.names.includes(`adamw_average.${step + 1}`)) continue;
      const own = flat(parameters);
      const averaged = await average.withAveraged(() => flat(parameters));
      expectClose(averaged, golden.array(`adamw_average.${step + 1}`).values);
      expect(flat(parameters)).toEqual(own);
      compared++;
    }
    expect(compared).toBe(3);
    average.dispose();
    optimizer.dispose();
    disposeParameters(parameters);
  });
});
