import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import { Adafactor, Adam, AdamW, Lion, SGD } from '../index';

describe('optimizers refuse options out of range', () => {
  const none = new Map();
  const cases: [() => unknown, string][] = [
    [() => new SGD(none, { momentum: -1 }), 'SGD: momentum: expected a number of at least 0, received -1.'],
    [() => new SGD(none, { nesterov: true }), 'SGD: nesterov: needs a momentum above 0 and no dampening.'],
    [
      () => new SGD(none, { nesterov: true, momentum: 0.9, dampening: 0.1 }),
      'SGD: nesterov: needs a momentum above 0 and no dampening.',
    ],
    [() => new Adam(none, { betas: [0.9, 1] }), 'Adam: betas: expected a number in [0, 1), received 1.'],
    [
      () => new AdamW(none, { epsilon: Number.NaN }),
      'AdamW: epsilon: expected a number of at least 0, received NaN.',
    ],
    [
      () => new AdamW(none, { weightDecay: -0.1 }),
      'AdamW: weightDecay: expected a number of at least 0, received -0.1.',
    ],
    [
      () => new Lion(none, { betas: [-0.1, 0.9] }),
      'Lion: betas: expected a number in [0, 1), received -0.1.',
    ],
    [
      () => new Adafactor(none, { beta2Decay: 0.8 }),
      'Adafactor: beta2Decay: expected a number of at most 0, received 0.8.',
    ],
    [
      () => new Adafactor(none, { clipThreshold: 0.5 }),
      'Adafactor: clipThreshold: expected a number of at least 1, received 0.5.',
    ],
  ];
  for (const [make, message] of cases) it(message, () => expect(make).toThrow(message));
});
