// One process of `bench/conv.ts`: milliseconds of each convolution and its gradients on the engine named first.
import * as tf from '@tensorflow/tfjs-core';
import { convCases } from '../lib/conv-cases';
import { measure } from '../lib/measure';

const [backend = 'onnx', batch = '64', threads] = process.argv.slice(2);
if (backend === 'wasm') await import('@tensorflow/tfjs-backend-wasm');
else if (threads)
  (await import('@crossmodal/backend-onnx')).configureOnnxBackend({ threads: Number(threads) });
else await import('@crossmodal/backend-onnx');
await tf.setBackend(backend);

const times: Record<string, number> = {};
const wave = (shape: number[]) =>
  tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i * 12.9898)),
    shape,
  );
for (const { name, size, from, to, kernel, stride, padding } of convCases) {
  const out = Math.floor((size + 2 * padding - kernel) / stride) + 1;
  const [x, filter, dy] = [
    wave([Number(batch), size, size, from]),
    wave([kernel, kernel, from, to]),
    wave([Number(batch), out, out, to]),
  ];
  const sides = [padding, padding];
  const attrs = {
    strides: [stride, stride],
    pad: [[0, 0], sides, sides, [0, 0]],
    dataFormat: 'NHWC',
    dilations: [1, 1],
  };
  const run = (kernelName: string, inputs: object, more: object) => {
    if (!tf.getKernel(kernelName, backend)) return;
    const f = () =>
      tf.dispose(tf.engine().runKernel(kernelName, inputs as never, { ...attrs, ...more } as never));
    times[`${name} ${kernelName}`] = measure(f, { warmUp: 2, runs: 5, atLeast: 200 }).best;
  };
  run('Conv2D', { x, filter }, {});
  run('Conv2DBackpropInput', { dy, filter }, { inputShape: x.shape });
  run('Conv2DBackpropFilter', { x, dy }, { filterShape: filter.shape });
  tf.dispose([x, filter, dy]);
}
console.log(JSON.stringify({ ...times, megabytes: process.resourceUsage().maxRSS / 1024 }));
