import '@crossmodal/backend-onnx';
import { hostTensorFromValues, Parameter, Rng, type StateDict } from '@crossmodal/core';
import { expectClose, readGolden } from '@crossmodal/test-utils';
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
import { kMeans } from './k-means';

const golden = readGolden(new URL('../../golden/quantizers.safetensors', import.meta.url));
const rng = new Rng(1);
const sizes = { dim: 6, codebookSize: 11, rng };
const ways = { straight: 'straightThrough', rotation: 'rotationTrick' } as const;
const tolerance = { absolute: 1e-5, relative: 1e-4 };

/** Draws the uniform numbers of the fixture. */
class GivenRng extends Rng {
  override uniformArray(): Float32Array {
    return golden.array('gumbel.noise').values.slice() as Float32Array;
  }
}

/** Draws the order of the fixture. */
class GivenOrder extends Rng {
  override permutation(): Int32Array {
    return golden.array('kmeans.order').values as Int32Array;
  }
}

const lfq = { codebookSize: 32, temperature: 0.5, diversityWeight: 0.8, rng };
const levels = [8, 5, 4, 3];
const gumbel = { ...sizes, temperature: 0.7, klWeight: 0.3 };
const residual = { numQuantizers: 3, createQuantizer: () => new VectorQuantizer(sizes) };
const trained: [string, () => Quantizer, boolean?][] = [
  ...Object.entries(ways).flatMap(([way, gradientEstimator]): [string, () => Quantizer][] => {
    const config = { ...sizes, gradientEstimator };
    return [
      [`vq.${way}`, () => new VectorQuantizer(config)],
      [`vq.${way}.legacy`, () => new VectorQuantizer({ ...config, legacyBeta: true })],
      [`cosine.${way}`, () => new CosineVectorQuantizer({ ...config, codebookDim: 4 })],
      [`simvq.${way}`, () => new SimVQ(config)],
    ];
  }),
  ['residual', () => new ResidualQuantizer(residual)],
  ['fsq', () => new FSQ({ levels })],
  ['fsq.projected', () => new FSQ({ levels, dim: 6, rng })],
  ['lfq', () => new LFQ(lfq)],
  ['lfq.projected', () => new LFQ({ ...lfq, dim: 6 })],
  ['gumbel.inference', () => new GumbelQuantizer(gumbel)],
  ['gumbel.hard', () => new GumbelQuantizer(gumbel), true],
  ['gumbel.soft', () => new GumbelQuantizer({ ...gumbel, hard: false }), true],
];
const small = { ...sizes, dim: 3 };
const untrained: [string, () => Quantizer][] = [
  [
    'grouped',
    () =>
      new GroupedResidualQuantizer({
        ...residual,
        numGroups: 2,
        createQuantizer: () => new VectorQuantizer(small),
      }),
  ],
  [
    'heads',
    () => new MultiHeadQuantizer({ numHeads: 3, quantizer: new VectorQuantizer({ ...sizes, dim: 2 }) }),
  ],
];

/** What a case has of weights (`state`) or their gradients (`grad`), by key. */
function entries(name: string, part: string): [string, { values: Float32Array; shape: number[] }][] {
  const prefix = `${name}.${part}.`;
  const keys = golden.names.filter((key) => key.startsWith(prefix));
  return keys.map((key) => [key.slice(prefix.length), golden.array(key) as never]);
}

function load(name: string, quantizer: Quantizer): Quantizer {
  const state: StateDict = {};
  for (const [key, { values, shape }] of entries(name, 'state'))
    state[key] = hostTensorFromValues(values, shape, 'F32');
  quantizer.loadStateDict(state);
  return quantizer;
}

function expectSame(actual: tf.Tensor, name: string): void {
  const { shape } = golden.array(name);
  expect(actual.shape).toEqual(shape);
  expectClose(actual, golden.tensor(name), tolerance);
}

describe.each(['cpu', 'onnx'])('quantizers equal their references, on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  it.each(trained)('%s: codes, losses and gradients', async (name, create, training = false) => {
    const quantizer = load(name, create());
    const context = { training, rng: new GivenRng(1) };
    const output = quantizer.forward(golden.tensor(`${name}.x`), context);
    expect([...output.codebookIndices.dataSync()]).toEqual([...golden.array(`${name}.indices`).values]);
    expect(output.codebookIndices.dtype).toBe('int32');
    for (const [key, value] of Object.entries(output))
      if (key !== 'codebookIndices')
        expectSame(value, `${name}.${key.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)}`);

    const total = (x: tf.Tensor) => {
      const { quantized, loss } = quantizer.forward(x, context);
      return tf.add(tf.sum(tf.mul(quantized, golden.tensor(`${name}.dy`))), loss) as tf.Scalar;
    };
    const parameters = [...quantizer.trainableParameters()];
    const x = golden.tensor(`${name}.x`);
    const { grads } = tf.engine().gradients(() => total(x), [x, ...parameters.map(([, p]) => p.value)]);
    expectSame(grads[0]!, `${name}.dx`);
    const expected = new Map(entries(name, 'grad'));
    expect(parameters.map(([key]) => key).sort()).toEqual([...expected.keys()].sort());
    for (const [i, [key, { layout }]] of parameters.entries()) {
      const inFile = await new Parameter(grads[i + 1]!, { layout }).toHost();
      expectClose(new Float32Array(inFile.bytes.slice().buffer), expected.get(key)!.values, tolerance);
    }
  });

  it.each(untrained)('%s: codes', (name, create) => {
    const { quantized, codebookIndices } = load(name, create()).forward(golden.tensor(`${name}.x`));
    expectSame(codebookIndices, `${name}.indices`);
    expectSame(quantized, `${name}.quantized`);
  });

  it.each(Object.entries(ways))('ema.%s: ten steps', (way, gradientEstimator) => {
    const name = `ema.${way}`;
    const quantizer = new EMAVectorQuantizer({ ...sizes, decay: 0.9, gradientEstimator });
    quantizer.embed.assign(golden.tensor(`${name}.first`));
    quantizer.embedAvg.assign(golden.tensor(`${name}.first`));
    const batches = tf.unstack(golden.tensor(`${name}.x`));
    const ofSteps = (key: string) => tf.unstack(golden.tensor(`${name}.${key}`));
    const [indices, losses, quantized, dx] = ['indices', 'loss', 'quantized', 'dx'].map(ofSteps);
    for (const [step, batch] of batches.entries()) {
      let output: ReturnType<typeof quantizer.forward>;
      const gradient = tf.grad((x) => {
        output = quantizer.forward(x, { training: true });
        for (const tensor of Object.values(output)) tf.keep(tensor);
        return tf.add(tf.sum(tf.mul(output.quantized, golden.tensor(`${name}.dy`))), output.loss);
      })(batch);
      expectClose(gradient, dx![step]!, tolerance);
      expect([...output!.codebookIndices.dataSync()]).toEqual([...indices![step]!.dataSync()]);
      expectClose(output!.loss, losses![step]!, tolerance);
      expectClose(output!.quantized, quantized![step]!, tolerance);
    }
    expectSame(quantizer.embed.value, `${name}.state.embed`);
    expectSame(quantizer.embedAvg.value, `${name}.state.embed_avg`);
    expectSame(quantizer.clusterSize.value, `${name}.state.cluster_size`);
  });

  it('k-means from given rows', () => {
    const rows = golden.tensor('kmeans.rows') as tf.Tensor2D;
    const { centers, counts } = kMeans(rows, 5, { iterations: 6, rng: new GivenOrder(1) });
    expectClose(centers, golden.tensor('kmeans.centers'), tolerance);
    expectClose(counts, golden.tensor('kmeans.counts'), tolerance);
  });

  it('FSQ: the whole codebook', () => {
    const fsq = new FSQ({ levels });
    const all = tf.range(0, fsq.codebookSize, 1, 'int32');
    expectSame(fsq.decode(all), 'fsq.codebook');
  });
});
