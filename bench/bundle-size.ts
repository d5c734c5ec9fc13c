// The bytes a browser loads for a page that trains a linear layer: core and tfjs-core with one engine, minified and
// gzipped. The peer is tfjs itself, as its documentation imports it (all of @tensorflow/tfjs-core with gradients).
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { report } from './lib/report';

const page = `
import { AdamW, Linear, Rng, valueAndGrad } from '@crossmodal/core';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
await tf.setBackend('cpu');
const model = new Linear(3, 1, { rng: new Rng(0) });
const optimizer = new AdamW(model);
const x = tf.ones([8, 3]);
for (let step = 0; step < 10; step++) {
  const { gradients } = valueAndGrad(() => tf.mean(tf.square(model.forward(x))), model.namedParameters());
  optimizer.step(gradients, { learningRate: 1e-2 });
}`;
const plainPage = `
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import * as tf from '@tensorflow/tfjs-core';
await tf.setBackend('cpu');
const w = tf.variable(tf.ones([3, 1]));
const optimizer = tf.train.adam(1e-2);
const x = tf.ones([8, 3]);
for (let step = 0; step < 10; step++) optimizer.minimize(() => tf.mean(tf.square(tf.matMul(x, w))));`;

const ours = await size(page);
const peer = await size(plainPage);
console.log(`page                       minified     gzipped
crossmodal core, cpu     ${kb(ours.minified)}  ${kb(ours.gzipped)}
tfjs alone, cpu          ${kb(peer.minified)}  ${kb(peer.gzipped)}`);
report({ name: 'bundle-size', ours: ours.gzipped, peer: peer.gzipped, unit: 'bytes' });

async function size(contents: string): Promise<{ minified: number; gzipped: number }> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: import.meta.dirname },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    conditions: ['crossmodal-source'],
  });
  const code = outputFiles[0]!.contents;
  return { minified: code.length, gzipped: gzipSync(code).length };
}

function kb(bytes: number): string {
  return `${(bytes / 1000).toFixed(0)} kB`.padStart(10);
}
