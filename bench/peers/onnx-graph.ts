// One whole ONNX graph in onnxruntime-node: milliseconds a run and peak memory. See `runOnnxGraph` in ../lib/peer.ts.
import { availableParallelism } from 'node:os';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { measureAsync } from '../lib/measure';
import type { GraphInput } from '../lib/peer';

const { file, inputs, threads, runs } = JSON.parse(process.argv[2]!) as {
  file: string;
  inputs: Record<string, GraphInput>;
  threads?: number;
  runs: number;
};
const session = await InferenceSession.create(file, {
  intraOpNumThreads: threads ?? availableParallelism(),
  graphOptimizationLevel: 'all',
  logSeverityLevel: 3,
});
const feeds = Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, tensor(input)]));
const { median, best } = await measureAsync(() => session.run(feeds), { runs, atLeast: 0 });
console.log(JSON.stringify({ median, best, megabytes: process.resourceUsage().maxRSS / 1024 }));

function tensor({ dtype, shape, fill }: GraphInput): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  const at = (i: number) => fill ?? Math.sin(i * 12.9898);
  const values = {
    float32: () => Float32Array.from({ length: size }, (_, i) => at(i)),
    int32: () => Int32Array.from({ length: size }, (_, i) => at(i)),
    int64: () => BigInt64Array.from({ length: size }, (_, i) => BigInt(Math.trunc(at(i)))),
    bool: () => Uint8Array.from({ length: size }, (_, i) => Number(at(i) > 0)),
  }[dtype]();
  return new Tensor(dtype as 'float32', values as Float32Array, shape);
}
