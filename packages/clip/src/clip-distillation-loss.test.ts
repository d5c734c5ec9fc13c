import '@tensorflow/tfjs-backend-cpu';
import { expectClose, expectGradient, expectNoLeak, readGolden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { CLIPOutput } from './clip';
import { clipDistillationLoss, type DistillationWeights } from './clip-distillation-loss';

const golden = readGolden(new URL('../golden/distillation.safetensors', import.meta.url));
const output = (name: string, scale: string): CLIPOutput => ({
  imageFeatures: golden.tensor(`${name}.image`) as tf.Tensor2D,
  textFeatures: golden.tensor(`${name}.text`) as tf.Tensor2D,
  logitScale: golden.tensor(scale) as tf.Scalar,
});
const teacher = () => output('teacher', 'teacher_scale');
const wide = () => output('wide', 'teacher_scale');
const student = () => ['student.image', 'student.text', 'scale'].map((name) => golden.tensor(name));
const lossOf =
  (known: CLIPOutput, weights?: DistillationWeights) =>
  (image: tf.Tensor, text: tf.Tensor, scale: tf.Tensor = golden.tensor('scale')) =>
    clipDistillationLoss(
      { imageFeatures: image, textFeatures: text, logitScale: scale } as CLIPOutput,
      known,
      weights,
    );

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('clipDistillationLoss', () => {
  it.each([
    ['relation', teacher, undefined],
    ['relation.wide', wide, undefined],
    ['feature', teacher, { relation: 0, feature: 1 }],
    ['interaction', teacher, { relation: 0, interaction: 1 }],
  ] as const)("%s: equals the reference's value and gradients", (name, known, weights) => {
    const args = name === 'feature' ? student().slice(0, 2) : student(); // it has no scale
    const { value, grads } = tf.valueAndGrads(lossOf(known(), weights) as never)(args);
    expectClose(value, golden.tensor(`${name}.loss`));
    for (const [i, part] of ['image', 'text'].entries())
      expectClose(grads[i]!, golden.tensor(`${name}.d${part}`));
    if (name !== 'feature') expectClose(grads[2]!, golden.tensor(`${name}.dscale`));
  });

  it('adds its parts by weight', () => {
    const weights = { relation: 2, feature: 300, interaction: 0.5 };
    const parts = Object.entries(weights).map(
      ([name, weight]) => weight * golden.array(`${name}.loss`).values[0]!,
    );
    expectClose(
      lossOf(teacher(), weights)(...(student() as [tf.Tensor, tf.Tensor, tf.Tensor])),
      parts.reduce((a, b) => a + b),
    );
    expectGradient(lossOf(teacher(), { ...weights, feature: 3 }) as never, student());
  });

  it('leaks nothing', () => {
    const [known, own] = [teacher(), student() as [tf.Tensor, tf.Tensor, tf.Tensor]];
    expectNoLeak(() => lossOf(known, { feature: 1, interaction: 1 })(...own).dispose());
  });

  it('says what does not fit', () => {
    const own = student() as [tf.Tensor, tf.Tensor, tf.Tensor];
    expect(() => lossOf(wide(), { feature: 1 })(...own)).toThrow(
      'clipDistillationLoss: teacher.imageFeatures: expected shape [6, 5], received [6, 8].',
    );
    const half = { ...teacher(), textFeatures: tf.zeros([3, 5]) as tf.Tensor2D };
    expect(() => lossOf(half)(...own)).toThrow(
      'clipDistillationLoss: teacher.textFeatures: expected shape [6, ?], received [3, 5].',
    );
  });
});
