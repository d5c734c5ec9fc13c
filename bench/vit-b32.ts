// CLIP's ViT-B/32 image encoder, forward only, random weights: this repository's engine beside PyTorch on the CPU and
// beside the whole graph in onnxruntime-node, each in a process of its own.
// npm run bench -- vit-b32 [batch] [threads]; PYTHON names an interpreter with torch, transformers and onnx.
import { availableParallelism } from 'node:os';
import { exportOnnx, runNode, runOnnxGraph, runTorch } from './lib/peer';
import { reportMeasured } from './lib/report';
import { rounds } from './lib/rounds';

const [batch = '8', threads = `${availableParallelism()}`] = process.argv.slice(2);
const graph = exportOnnx(`vit-b32-${batch}`, 'peers/vit_b32.py', ['export', batch]);
const weights = graph?.replace('.onnx', '.safetensors');
const pixels = { dtype: 'float32' as const, shape: [Number(batch), 3, 224, 224] };
const { ours, ...peers } = rounds({
  ours: () => runNode('peers/vit-b32.ts', [batch, threads, ...(weights ? [weights] : [])]),
  'ONNX Runtime, whole graph': () =>
    graph ? runOnnxGraph(graph, { pixels }, { threads: Number(threads), runs: 20 }) : undefined,
  PyTorch: () => runTorch('peers/vit_b32.py', ['run', batch, threads]),
});

console.table(
  Object.entries({ 'onnx (crossmodal)': ours!, ...peers }).map(([engine, { median, best, megabytes }]) => ({
    engine,
    'forward ms': Number(median!.toFixed(1)),
    'best ms': Number(best!.toFixed(1)),
    'peak MB': Math.round(megabytes!),
    'our time to its': Number((ours!['median']! / median!).toFixed(2)),
    'our memory to its': Number((ours!['megabytes']! / megabytes!).toFixed(2)),
  })),
);
if ('difference' in ours!)
  console.log(
    `Largest difference of the features from transformers': ${ours['difference']!.toExponential(1)} of the largest.`,
  );
reportMeasured('vit-b32', 'median', 'ms', ours!, peers['ONNX Runtime, whole graph']);
