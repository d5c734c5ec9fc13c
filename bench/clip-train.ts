// A training step of a tiny CLIP (4 + 4 layers, width 256, 64 patches and a class token, 32 text tokens, AdamW):
// this repository's engine beside PyTorch on the CPU, each in a process of its own.
// npm run bench -- clip-train [batch] [threads] [--wasm]; PYTHON names an interpreter with torch.
import { runNode, runTorch } from './lib/peer';
import { reportMeasured } from './lib/report';
import { rounds } from './lib/rounds';

const withWasm = process.argv.includes('--wasm');
const [batch = '64', ...threads] = process.argv.slice(2).filter((argument) => argument !== '--wasm');
const runs = '5';

const figures = rounds({
  'onnx (crossmodal)': () => runNode('peers/clip-train.ts', ['onnx', batch, runs, ...threads]),
  PyTorch: () => runTorch('peers/clip_train.py', [batch, runs, ...threads]),
});
if (withWasm) figures['wasm (crossmodal)'] = runNode('peers/clip-train.ts', ['wasm', batch, '1']);
console.table(
  Object.entries(figures).map(([engine, times]) => ({
    engine,
    'step ms': Math.round(times['median']!),
    'best ms': Math.round(times['best']!),
    'processor ms': Math.round(times['cpu']!),
    'peak MB': Math.round(times['megabytes']!),
  })),
);
reportMeasured('clip-train', 'median', 'ms/step', figures['onnx (crossmodal)']!, figures['PyTorch']);
