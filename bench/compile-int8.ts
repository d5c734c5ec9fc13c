// CLIP's ViT-B/32 image encoder exported with float32, float16 and int8 weights, in onnxruntime-node; beside what ONNX
// Runtime's quantize_dynamic makes of the float32 file. Random weights; each in a process of its own.
// npm run bench -- compile-int8 [batch] [threads]; PYTHON names an interpreter with torch, onnx and onnxruntime.
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { exportOnnx, runNode, runOnnxGraph } from './lib/peer';
import { reportMeasured } from './lib/report';
import { rounds } from './lib/rounds';

const [batch = '1', threads = `${availableParallelism()}`] = process.argv.slice(2);
const fileOf = (dtype: string) =>
  fileURLToPath(new URL(`../.cache/bench/vit-b32-${dtype}.onnx`, import.meta.url));
const dtypes = ['float32', 'float16', 'int8'] as const;
const written = dtypes.map((dtype) => runNode('peers/compile-int8.ts', [dtype, fileOf(dtype)]));
const peer = exportOnnx('vit-b32-quantize-dynamic', 'peers/quantize_dynamic.py', [fileOf('float32')]);

const pixels = { dtype: 'float32' as const, shape: [Number(batch), 3, 224, 224] };
const run = (file: string | undefined) => () =>
  file === undefined
    ? undefined
    : runOnnxGraph(file, { pixel_values: pixels }, { threads: Number(threads), runs: 30 });
const figures = rounds(
  {
    ...Object.fromEntries(dtypes.map((dtype) => [dtype, run(fileOf(dtype))])),
    quantize_dynamic: run(peer),
  },
  3,
);
const { float32, int8 } = figures as { float32: Record<string, number>; int8: Record<string, number> };
console.table(
  Object.entries(figures).map(([weights, { median, best, megabytes }]) => {
    const { bytes, seconds, largestDifference, meanCosine } =
      written[dtypes.indexOf(weights as 'int8')] ?? ({} as Record<string, number>);
    return {
      weights,
      'forward ms': Number(median!.toFixed(1)),
      'best ms': Number(best!.toFixed(1)),
      'times as fast': Number((float32['best']! / best!).toFixed(2)),
      'peak MB': Math.round(megabytes!),
      'file MB': bytes && Math.round(bytes / 1e6),
      'export s': seconds && Number(seconds.toFixed(1)),
      'largest difference': largestDifference && Number(largestDifference.toPrecision(2)),
      'mean cosine': meanCosine && Number(meanCosine.toFixed(6)),
    };
  }),
);
reportMeasured('compile-int8', 'best', 'ms', int8, figures['quantize_dynamic'] ?? float32);
