import '@crossmodal/backend-onnx';
import { ConfigError, Rng } from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { CodebookUsage, EMAVectorQuantizer, type EMAVectorQuantizerConfig } from '../index';

const CLUSTERS = 16;

/** Points around 16 places on a grid far from the origin, where the codes start. */
function mixture(rng: Rng, n: number): tf.Tensor2D {
  const points = Array.from({ length: n }, () => {
    const cluster = rng.integer(CLUSTERS);
    return [
      10 + 3 * (cluster % 4) + rng.normal(0, 0.1),
      10 + 3 * Math.floor(cluster / 4) + rng.normal(0, 0.1),
    ];
  });
  return tf.tensor2d(points, [n, 2]);
}

/** Codes in use, and the mean squared distance to them, after training on the mixture. */
async function learn(config: Partial<EMAVectorQuantizerConfig>) {
  const rng = new Rng(3);
  const quantizer = new EMAVectorQuantizer({ codebookSize: CLUSTERS, dim: 2, decay: 0.9, rng, ...config });
  for (let step = 0; step < 80; step++)
    tf.tidy(() => void quantizer.forward(mixture(rng, 128), { training: true, rng }));
  const { codebookIndices, commitmentLoss } = quantizer.forward(mixture(rng, 2000));
  const usage = new CodebookUsage(quantizer);
  await usage.add(codebookIndices);
  return { used: usage.usage * CLUSTERS, collapsed: usage.isCollapsed, error: commitmentLoss.dataSync()[0]! };
}

describe.each(['cpu', 'onnx'])('EMAVectorQuantizer learns a mixture of 16 gaussians, on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  it('uses 15 codes or more with restarts', async () => {
    const { used, collapsed, error } = await learn({ restartThreshold: 1 });
    expect(used).toBeGreaterThanOrEqual(15);
    expect(collapsed).toBe(false);
    expect(error).toBeLessThan(0.5);
  });

  it('uses more than the bad start does when k-means gives the codes their first values', async () => {
    const { used, error } = await learn({ kMeansIterations: 10 });
    expect(used).toBeGreaterThanOrEqual(12);
    expect(error).toBeLessThan(1);
  });

  it('is left with few from a bad start alone: the control', async () => {
    const { used, error } = await learn({});
    expect(used).toBeLessThanOrEqual(4);
    expect(error).toBeGreaterThan(3);
  });
});

describe('EMAVectorQuantizer', () => {
  const config = { codebookSize: 4, dim: 2, rng: new Rng(1) };
  const x = tf.tensor2d([[5, 5], [5, 6], [6, 5]]); // biome-ignore format: a vector a row

  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it('restarts dead codes at vectors of the batch, and no others', () => {
    const quantizer = new EMAVectorQuantizer({ ...config, decay: 0.5, restartThreshold: 0.9 });
    quantizer.embed.assign(tf.tensor2d([5, 5, -9, 0, -9, 1, -9, 2], [4, 2]));
    quantizer.embedAvg.assign(tf.clone(quantizer.embed.value));
    quantizer.forward(x, { training: true, rng: new Rng(2) });
    const [live, ...restarted] = quantizer.embed.value.arraySync() as number[][];
    expectClose(live!, [10.5 / 2, 10.5 / 2], { absolute: 1e-3 }); // (5 / 2 + 16 / 2) / (1 / 2 + 3 / 2)
    expect(restarted.map(String).sort()).toEqual(['5,5', '5,6', '6,5']); // each once: as many dead as vectors
    expectClose(quantizer.clusterSize.value, [2, 0.9, 0.9, 0.9]);
    expectClose(quantizer.embedAvg.value, [10.5, 10.5, ...restarted.flat().map((v) => 0.9 * v)]);
  });

  it('changes nothing without training, or with a batch that is not finite', async () => {
    const quantizer = new EMAVectorQuantizer({ ...config, restartThreshold: 2 });
    const before = await quantizer.stateDict();
    quantizer.forward(x);
    quantizer.forward(tf.tensor2d([[1, Number.NaN]]), { training: true, rng: new Rng(1) });
    expect(await quantizer.stateDict()).toEqual(before);
    quantizer.forward(x, { training: true, rng: new Rng(1) });
    expect(await quantizer.stateDict()).not.toEqual(before);
  });

  it('starts by k-means once, and again when an untrained state is loaded', async () => {
    const quantizer = new EMAVectorQuantizer({ ...config, kMeansIterations: 3 });
    const untrained = await quantizer.stateDict();
    const step = (of: EMAVectorQuantizer, x: tf.Tensor) => of.forward(x, { training: true, rng: new Rng(2) });
    quantizer.forward(x);
    expectClose(quantizer.inited.value, [0]);
    step(quantizer, x);
    const first = await quantizer.stateDict();
    expectClose(quantizer.inited.value, [1]);
    quantizer.loadStateDict(untrained);
    step(quantizer, x);
    expect(await quantizer.stateDict()).toEqual(first);

    const resumed = new EMAVectorQuantizer({ ...config, kMeansIterations: 3 });
    resumed.loadStateDict(first);
    for (const of of [quantizer, resumed]) step(of, tf.neg(x));
    const second = await quantizer.stateDict();
    expect(await resumed.stateDict()).toEqual(second);
    expect(Math.max(...quantizer.embed.value.dataSync())).toBeGreaterThan(4); // k-means would have taken all along
  });

  it('asks for a generator where it draws', () => {
    for (const option of [{ restartThreshold: 1 }, { kMeansIterations: 1 }]) {
      const forward = () => new EMAVectorQuantizer({ ...config, ...option }).forward(x, { training: true });
      expect(forward).toThrow(ConfigError);
      expect(forward).toThrow(`EMAVectorQuantizer: ${Object.keys(option)[0]}: needs a random generator`);
    }
  });
});
