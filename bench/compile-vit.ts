// CLIP's ViT-B/32 image encoder compiled: beside the graph that PyTorch exports, in onnxruntime-node, and beside the same
// encoder kernel by kernel; then from files of photos to features, beside @huggingface/transformers on the file that we
// export. Random weights; each in a process of its own.
// npm run bench -- compile-vit [batch] [threads]; PYTHON names an interpreter with torch, transformers and onnx.
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { exportOnnx, runNode, runOnnxGraph } from './lib/peer';
import { reportMeasured } from './lib/report';
import { rounds } from './lib/rounds';
import { photos } from './peers/photos';

const [batch = '8', threads = `${availableParallelism()}`] = process.argv.slice(2);
const graph = exportOnnx(`vit-b32-${batch}`, 'peers/vit_b32.py', ['export', batch]);
const weights = graph?.replace('.onnx', '.safetensors') ?? '';
const pixels = { dtype: 'float32' as const, shape: [Number(batch), 3, 224, 224] };
const figures = rounds({
  compiled: () => runNode('peers/vit-b32.ts', [batch, threads, weights, 'compiled']),
  "PyTorch's graph in ONNX Runtime": () =>
    graph ? runOnnxGraph(graph, { pixels }, { threads: Number(threads), runs: 20 }) : undefined,
  'kernel by kernel': () => runNode('peers/vit-b32.ts', [batch, threads, weights, 'eager']),
});
const { compiled } = figures;

console.table(
  Object.entries(figures).map(([how, { median, best, megabytes }]) => ({
    how,
    'forward ms': Number(median!.toFixed(1)),
    'best ms': Number(best!.toFixed(1)),
    'peak MB': Math.round(megabytes!),
    'our time to its': Number((compiled!['median']! / median!).toFixed(2)),
  })),
);
if ('difference' in compiled!)
  console.log(
    `Largest difference of the features from transformers': ${compiled['difference']!.toExponential(1)} of the largest.`,
  );

const folder = fileURLToPath(new URL('../.cache/bench/vit-b32-exported', import.meta.url));
const files = await photos();
const encode = (what: string) => () =>
  runNode('peers/encode-photos.ts', [what, folder, batch, '3', ...files.slice(0, 16)]);
if (!existsSync(`${folder}/onnx/model.onnx`)) encode('save')();
const whole = rounds({ ours: encode('ours'), 'transformers.js': encode('transformers.js') });
const features = (of: string) => JSON.parse(readFileSync(`${folder}/${of}.json`, 'utf8')) as number[];
const [ours, theirs] = [features('ours'), features('transformers.js')];
const cosine = (a: number[], b: number[]) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
console.table(
  Object.entries(whole).map(([name, { median, best, megabytes }]) => ({
    'from files': name,
    'ms/photo': Number(median!.toFixed(1)),
    'best ms': Number(best!.toFixed(1)),
    'peak MB': Math.round(megabytes!),
    'our time to its': Number((whole['ours']!['median']! / median!).toFixed(2)),
  })),
);
console.log(
  `Cosine of the features: ${(cosine(ours, theirs) / Math.sqrt(cosine(ours, ours) * cosine(theirs, theirs))).toFixed(4)} ` +
    '(they resize by another rule than Pillow).',
);
reportMeasured('compile-vit', 'median', 'ms', compiled!, figures["PyTorch's graph in ONNX Runtime"]);
