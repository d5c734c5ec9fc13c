// One process of `bench/matmul.ts`: milliseconds of each product on the engine named first.
import * as tf from '@tensorflow/tfjs-core';
import { matmulCases } from '../lib/matmul-cases';
import { measure } from '../lib/measure';

const [backend = 'onnx', threads] = process.argv.slice(2);
if (backend === 'wasm') await import('@tensorflow/tfjs-backend-wasm');
else if (threads)
  (await import('@crossmodal/backend-onnx')).configureOnnxBackend({ threads: Number(threads) });
else await import('@crossmodal/backend-onnx');
await tf.setBackend(backend);

const times: Record<string, number> = {};
for (const { name, a, b, transposeA, transposeB } of matmulCases) {
  const wave = (shape: number[]) =>
    tf.tensor(
      Float32Array.from({ length: shape.reduce((x, y) => x * y, 1) }, (_, i) => Math.sin(i * 12.9898)),
      shape,
    );
  const [x, y] = [wave(a), wave(b)];
  times[name] = measure(() => tf.dispose(tf.matMul(x, y, transposeA, transposeB))).best;
  tf.dispose([x, y]);
}
console.log(JSON.stringify({ ...times, megabytes: process.resourceUsage().maxRSS / 1024 }));
