// A small run for resume.test.ts: node resume-run.ts <folder> <steps> [kill <file>]
// With kill, the process kills itself with SIGKILL when it is about to write that file.
import '@tensorflow/tfjs-backend-cpu';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import {
  AdamW,
  cosineSchedule,
  DataLoader,
  type Dataset,
  dropout,
  type ForwardContext,
  LayerNorm,
  Linear,
  Module,
  Parameter,
  Rng,
  Trainer,
  WeightAverage,
  withWarmup,
} from '@crossmodal/core';
import { FolderCheckpointStore } from '@crossmodal/core/node';
import * as tf from '@tensorflow/tfjs-core';

const [folder, steps, , killAt] = process.argv.slice(2) as [string, string, string?, string?];

if (killAt) {
  const { open } = fs;
  fs.open = (async (...args: Parameters<typeof open>) => {
    if (String(args[0]).replaceAll('\\', '/').includes(killAt)) process.kill(process.pid, 'SIGKILL');
    return open(...args);
  }) as typeof open;
  syncBuiltinESMExports();
}

class Net extends Module {
  readonly fc1: Linear;
  readonly norm: LayerNorm;
  readonly fc2: Linear;
  readonly runningMean: Parameter;

  constructor(rng: Rng) {
    super();
    this.fc1 = new Linear(6, 16, { rng: rng.split('fc1') });
    this.norm = new LayerNorm(16);
    this.fc2 = new Linear(16, 2, { rng: rng.split('fc2') });
    this.runningMean = new Parameter(tf.zeros([6]), { buffer: true });
  }

  forward(x: tf.Tensor2D, context: ForwardContext): tf.Tensor2D {
    if (context.training) {
      this.runningMean.assign(tf.tidy(() => tf.add(tf.mul(this.runningMean.value, 0.9), tf.mean(x, 0))));
    }
    return tf.tidy(() => {
      const hidden = tf.relu(this.norm.forward(this.fc1.forward(x)));
      const kept = context.rng ? dropout(hidden, 0.2, context.rng) : hidden;
      return this.fc2.forward(kept) as tf.Tensor2D;
    });
  }
}

const dataset: Dataset<{ x: Float32Array; y: number[] }> = {
  length: 50,
  get(index, { rng }) {
    const x = new Rng(index).normalArray(6);
    const noise = rng!.normalArray(6, 0, 0.1); // augmentation
    return { x: x.map((value, i) => value + noise[i]!), y: [Math.sin(x[0]!), x[1]! * x[2]!] };
  },
};

await tf.setBackend('cpu');
const model = new Net(new Rng(0));
const trainer = new Trainer({
  model,
  optimizer: new AdamW(model, { weightDecay: 0.05 }),
  schedule: withWarmup(cosineSchedule({ learningRate: 0.01, steps: 50 }), 10),
  average: new WeightAverage(model, { decay: 0.95, warmup: true }),
  accumulate: 2,
  clipNorm: 0.5,
  data: new DataLoader(dataset, {
    batchSize: 8,
    shuffle: true,
    rng: new Rng(1),
    collate: (samples) => ({
      x: tf.tensor2d(samples.map(({ x }) => [...x])),
      y: tf.tensor2d(samples.map(({ y }) => y)),
    }),
  }),
  loss: (net, { x, y }, context) => ({
    loss: tf.mean(tf.square(tf.sub(net.forward(x, context), y))),
    weight: x.shape[0],
  }),
  rng: new Rng(2),
  checkpoints: { store: new FolderCheckpointStore(folder), everySteps: 10 },
});
await trainer.resume();
await trainer.fit({ steps: Number(steps) });
