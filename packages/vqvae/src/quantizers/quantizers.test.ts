import '@crossmodal/backend-onnx';
import { DataError, Rng, ShapeError, valueAndGrad } from '@crossmodal/core';
import { expectClose, expectGradient, expectNoLeak } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  CosineVectorQuantizer,
  EMAVectorQuantizer,
  FSQ,
  GroupedResidualQuantizer,
  GumbelQuantizer,
  LFQ,
  MultiHeadQuantizer,
  type Quantizer,
  ResidualQuantizer,
  SimVQ,
  VectorQuantizer,
} from '../index';

const rng = new Rng(5);
const sizes = { dim: 6, codebookSize: 12, rng };
const quantizers: Record<string, () => Quantizer> = {
  VectorQuantizer: () => new VectorQuantizer(sizes),
  'VectorQuantizer, rotation trick': () =>
    new VectorQuantizer({ ...sizes, gradientEstimator: 'rotationTrick' }),
  EMAVectorQuantizer: () => new EMAVectorQuantizer({ ...sizes, restartThreshold: 1, kMeansIterations: 2 }),
  CosineVectorQuantizer: () => new CosineVectorQuantizer(sizes),
  'CosineVectorQuantizer, projected': () => new CosineVectorQuantizer({ ...sizes, codebookDim: 3 }),
  SimVQ: () => new SimVQ(sizes),
  GumbelQuantizer: () => new GumbelQuantizer(sizes),
  'GumbelQuantizer, soft': () => new GumbelQuantizer({ ...sizes, hard: false }),
  FSQ: () => new FSQ({ levels: [3, 4, 3, 5, 3, 3] }),
  'FSQ, projected': () => new FSQ({ levels: [3, 4], dim: 6, rng }),
  LFQ: () => new LFQ({ codebookSize: 64 }),
  'LFQ, projected': () => new LFQ({ codebookSize: 2 ** 12, dim: 6, entropyBits: 5, rng }),
  ResidualQuantizer: () =>
    new ResidualQuantizer({ numQuantizers: 3, createQuantizer: () => new VectorQuantizer(sizes) }),
  'ResidualQuantizer, rotation trick': () =>
    new ResidualQuantizer({
      numQuantizers: 2,
      createQuantizer: () => new EMAVectorQuantizer(sizes),
      gradientEstimator: 'rotationTrick',
    }),
  'ResidualQuantizer, by stages': () =>
    new ResidualQuantizer({
      numQuantizers: 3,
      createQuantizer: () => new CosineVectorQuantizer({ ...sizes, codebookDim: 2 }),
      gradientEstimator: 'stages',
    }),
  GroupedResidualQuantizer: () =>
    new GroupedResidualQuantizer({
      numGroups: 2,
      numQuantizers: 3,
      createQuantizer: () => new VectorQuantizer({ ...sizes, dim: 3 }),
    }),
  MultiHeadQuantizer: () =>
    new MultiHeadQuantizer({ numHeads: 3, quantizer: new SimVQ({ ...sizes, dim: 2 }) }),
  'MultiHeadQuantizer of residuals': () =>
    new MultiHeadQuantizer({
      numHeads: 2,
      quantizer: new ResidualQuantizer({
        numQuantizers: 3,
        createQuantizer: () => new VectorQuantizer({ ...sizes, dim: 3 }),
      }),
    }),
};
const vectors = (...shape: number[]) =>
  tf.tensor(new Rng(8).normalArray(tf.util.sizeFromShape(shape)), shape);
const training = () => ({ training: true, rng: new Rng(4) });

describe.each(['cpu', 'onnx'])('every quantizer, on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  describe.each(Object.entries(quantizers))('%s', (_name, create) => {
    it.each([[[6]], [[5, 6]], [[2, 3, 6]], [[2, 3, 4, 6]]])(
      'decodes its indices to what it gave, x %j',
      (shape) => {
        const quantizer = create();
        const { quantized, codebookIndices, ...scalars } = quantizer.forward(vectors(...shape));
        const { codesPerPosition } = quantizer;
        const leading = shape.slice(0, -1);
        expect(quantized.shape).toEqual(shape);
        expect(codebookIndices.shape).toEqual(
          codesPerPosition === 1 ? leading : [...leading, codesPerPosition],
        );
        expect(codebookIndices.dtype).toBe('int32');
        expectClose(quantizer.decode(codebookIndices), quantized, { absolute: 1e-6, relative: 1e-6 });
        for (const value of Object.values(scalars)) {
          expect(value.shape).toEqual([]);
          expect(Number.isFinite(value.dataSync()[0])).toBe(true);
        }
        const perplexity = scalars.perplexity.dataSync()[0]!;
        expect(perplexity).toBeGreaterThanOrEqual(1 - 1e-5);
        expect(perplexity).toBeLessThanOrEqual(quantizer.codebookSize);
      },
    );

    it('gives x and every parameter a gradient that is finite and not 0', () => {
      const quantizer = create();
      const x = vectors(40, 6);
      const y = vectors(40, 6);
      const loss = (x: tf.Tensor) => {
        const output = quantizer.forward(x, training());
        return tf.add(tf.losses.meanSquaredError(tf.mul(y, 2), output.quantized), output.loss) as tf.Scalar;
      };
      const some = (gradient: tf.Tensor) => tf.sum(tf.abs(gradient)).dataSync()[0]!;
      const ofX = some(tf.grad(loss)(x));
      expect(ofX).toBeGreaterThan(0);
      expect(Number.isFinite(ofX)).toBe(true);
      const parameters = quantizer.trainableParameters();
      const { gradients } = valueAndGrad(() => loss(x), parameters);
      expect([...gradients.keys()].sort()).toEqual([...parameters.keys()].sort());
      for (const [key, gradient] of gradients) {
        expect(some(gradient), key).toBeGreaterThan(0);
        expect(Number.isFinite(some(gradient)), key).toBe(true);
      }
    });

    it('leaks nothing', () => {
      const quantizer = create();
      const x = vectors(4, 6);
      expectNoLeak(() => tf.dispose(quantizer.forward(x, training()) as never));
      const { codebookIndices } = quantizer.forward(x);
      expectNoLeak(() => quantizer.decode(codebookIndices).dispose());
      expectNoLeak(() => {
        const { value, gradients } = valueAndGrad(
          () => quantizer.forward(x, training()).loss,
          quantizer.namedParameters(),
        );
        tf.dispose([value, ...gradients.values()]);
      });
      const before = tf.memory().numTensors;
      create().dispose();
      expect(tf.memory().numTensors).toBe(before);
    });

    it('saves and loads its state', async () => {
      const [quantizer, other] = [create(), create()];
      quantizer.forward(vectors(40, 6), training());
      other.loadStateDict(await quantizer.stateDict());
      const x = vectors(9, 6);
      expectClose(other.forward(x).quantized, quantizer.forward(x).quantized);
    });

    it('refuses other sizes, and indices out of range', () => {
      const quantizer = create();
      const name = quantizer.constructor.name;
      expect(() => quantizer.forward(tf.ones([2, 5]))).toThrow(ShapeError);
      expect(() => quantizer.forward(tf.ones([2, 5]))).toThrow(
        `${name}: x: expected shape [?, 6], received [2, 5]. Its last size is that of the vectors.`,
      );
      const codes = quantizer.codesPerPosition;
      const shape = codes === 1 ? [2] : [2, codes];
      for (const bad of [-1, quantizer.codebookSize]) {
        const indices = tf.fill(shape, bad, 'int32');
        expect(() => quantizer.decode(indices)).toThrow(DataError);
        expect(() => quantizer.decode(indices)).toThrow(
          `: codebookIndices: expected integers in [0, ${quantizer.codebookSize}), the codebook's size, received ${bad} at 0.`,
        );
      }
      expect(() => quantizer.decode(tf.zeros(shape))).toThrow(
        'codebookIndices: expected dtype int32, received float32.',
      );
      if (codes > 1) {
        expect(() => quantizer.decode(tf.zeros([2, codes + 1], 'int32'))).toThrow(
          `${name}: codebookIndices: expected shape [?, ${codes}], received [2, ${codes + 1}].`,
        );
      }
    });
  });

  // What rounding leaves smooth: losses as functions of x while no code changes.
  it.each<[string, () => Quantizer]>([
    ['VectorQuantizer', () => new VectorQuantizer(sizes)],
    ['LFQ', () => new LFQ({ codebookSize: 64, temperature: 1 })],
    ['LFQ in groups', () => new LFQ({ codebookSize: 64, temperature: 1, entropyBits: 4 })],
    ['GumbelQuantizer', () => new GumbelQuantizer({ ...sizes, klWeight: 1 })],
  ])("%s: the loss's gradient agrees with central differences", (_name, create) => {
    const quantizer = create();
    const away = tf.add(vectors(3, 6), tf.mul(tf.sign(vectors(3, 6)), 0.3)); // from where a sign changes
    expectGradient(
      (x) =>
        quantizer instanceof VectorQuantizer
          ? quantizer.forward(x).commitmentLoss
          : quantizer.forward(x).loss,
      [away],
    );
  });
});

describe('configurations that cannot be', () => {
  it.each<[() => unknown, string]>([
    [
      () => new VectorQuantizer({ ...sizes, codebookSize: 0 }),
      'VectorQuantizer: codebookSize: expected an integer of at least 1, received 0.',
    ],
    [
      () => new VectorQuantizer({ ...sizes, commitmentWeight: -1 }),
      'VectorQuantizer: commitmentWeight: expected a number of at least 0, received -1.',
    ],
    [
      () => new EMAVectorQuantizer({ ...sizes, decay: 1 }),
      'EMAVectorQuantizer: decay: expected a number in [0, 1), received 1.',
    ],
    [() => new FSQ({ levels: [4, 2] }), 'FSQ: levels: expected 3 or more, received 2. LFQ has two.'],
    [() => new FSQ({ levels: [] }), 'FSQ: levels: expected one or more, received none.'],
    [
      () => new FSQ({ levels: [5], dim: 2 }),
      'FSQ: rng: needed for the projections, since dim is not the number of levels.',
    ],
    [
      () => new FSQ({ levels: Array(6).fill(17) }),
      'FSQ: levels: expected at most 16777216 codes, received 24137569.',
    ],
    [
      () => new LFQ({ codebookSize: 12 }),
      'LFQ: codebookSize: expected a power of 2 from 2 to 2^24, received 12.',
    ],
    [
      () => new LFQ({ codebookSize: 16, dim: 6 }),
      'LFQ: rng: needed for the projections, since dim is not the number of bits.',
    ],
    [() => new LFQ({ codebookSize: 16, temperature: 0 }), 'LFQ: temperature: expected above 0, received 0.'],
    [
      () => new GumbelQuantizer({ ...sizes, temperature: 0 }),
      'GumbelQuantizer: temperature: expected above 0, received 0.',
    ],
    [
      () =>
        new ResidualQuantizer({
          numQuantizers: 2,
          createQuantizer: (stage) => new VectorQuantizer({ ...sizes, dim: 6 + stage }),
        }),
      'ResidualQuantizer: createQuantizer: expected dim 6, codebookSize 12 and one code for a position, received 7, 12 and 1 at stage 1.',
    ],
    [
      () =>
        new GroupedResidualQuantizer({
          numGroups: 2,
          numQuantizers: 1,
          createQuantizer: (group) => new VectorQuantizer({ ...sizes, dim: 3 - group }),
        }),
      'GroupedResidualQuantizer: createQuantizer: expected dim 3 and codebookSize 12, received 2 and 12 in group 1.',
    ],
  ])('%#', (create, message) => {
    expect(create).toThrow(message);
  });

  it('a Gumbel quantizer in training without a generator, or at no temperature', () => {
    const quantizer = new GumbelQuantizer(sizes);
    expect(() => quantizer.forward(vectors(2, 6), { training: true })).toThrow(
      'GumbelQuantizer: needs a random generator',
    );
    quantizer.temperature = -1;
    expect(() => quantizer.forward(vectors(2, 6))).toThrow(
      'GumbelQuantizer: temperature: expected above 0, received -1.',
    );
  });
});
