// ResNet-50's forward pass, 224 x 224: this repository's engine beside PyTorch on the CPU (the better of its two
// memory formats) and beside the whole graph in onnxruntime-node, each in a process of its own.
// npm run bench -- resnet50 [batch]; PYTHON names an interpreter with torch, torchvision and onnx.
import { exportOnnx, type Measured, runNode, runOnnxGraph, runTorch } from './lib/peer';
import { report } from './lib/report';
import { rounds } from './lib/rounds';

const [batch = '8'] = process.argv.slice(2);
const graph = exportOnnx(`resnet50-${batch}`, 'peers/resnet50.py', ['export', batch]);
const weights = graph?.replace('.onnx', '.safetensors');
const pixels = { dtype: 'float32' as const, shape: [Number(batch), 3, 224, 224] };
const { ours, ...peers } = rounds({
  ours: () => runNode('peers/resnet50.ts', [batch, ...(weights ? [weights] : [])]),
  'ONNX Runtime, whole graph': () => (graph ? runOnnxGraph(graph, { pixels }) : undefined),
  PyTorch: () => runTorch('peers/resnet50.py', ['run', batch]),
  'PyTorch, channels last': () => runTorch('peers/resnet50.py', ['run', batch, 'channels_last']),
});

console.table(
  Object.entries({ 'onnx (crossmodal)': ours!, ...peers }).map(([engine, { median, best, megabytes }]) => ({
    engine,
    'forward ms': Math.round(median!),
    'best ms': Math.round(best!),
    'peak MB': Math.round(megabytes!),
    'our time to its': round(ours!['median']! / median!),
    'our memory to its': round(ours!['megabytes']! / megabytes!),
  })),
);
if ('difference' in ours!) {
  console.log(
    `Largest difference of the logits from torchvision's: ${ours['difference']!.toExponential(1)} of the largest.`,
  );
}
const peer: Measured | undefined = peers['ONNX Runtime, whole graph'];
report({
  name: 'resnet50',
  ours: ours!['median']!,
  peer: peer?.['median'] ?? null,
  unit: 'ms',
  ...(peer && { memory: { ours: ours!['megabytes']!, peer: peer['megabytes']! } }),
});

function round(x: number) {
  return Number(x.toFixed(2));
}
