// A training step of a tiny CLIP (4 + 4 layers, width 256, 64 patches and a class token, 32 text tokens, AdamW):
// this repository's engine beside PyTorch on the CPU, each in a process of its own.
// npm run bench -- clip-train [batch] [threads] [--wasm]; PYTHON names an interpreter with torch.
import { type Measured, runNode, runTorch } from './lib/peer';
import { reportMeasured } from './lib/report';
import { rounds } from './lib/rounds';

const withWasm = process.argv.includes('--wasm');
const [batch = '64', ...threads] = process.argv.slice(2).filter((argument) => argument !== '--wasm');
const runs = '5';
const wasm = `wasm (tfjs), batch 4 times ${Number(batch) / 4}`;

const figures = rounds({
  'onnx (crossmodal)': () => runNode('peers/clip-train.ts', ['onnx', batch, runs, ...threads]),
  PyTorch: () => runTorch('peers/clip_train.py', [batch, runs, ...threads]),
});
if (withWasm) figures[wasm] = scaled(runNode('peers/clip-train.ts', ['wasm', '4', '1']));
console.table(
  Object.entries(figures).map(([engine, times]) => ({
    engine,
    'step ms': Math.round(times['median']!),
    'best ms': Math.round(times['best']!),
    'processor ms': Math.round(times['cpu']!),
    'peak MB': Math.round(times['megabytes']!),
  })),
);
if (!withWasm)
  console.log('tfjs wasm is left out: it takes a minute a step and dies at batch 64; --wasm runs batch 4.');
reportMeasured('clip-train', 'median', 'ms/step', figures['onnx (crossmodal)']!, figures['PyTorch']);

/** Times of a batch of 4, for as many of them as make a whole batch. */
function scaled({ median, best: least, cpu, megabytes }: Measured): Measured {
  const times = Number(batch) / 4;
  return { median: median! * times, best: least! * times, cpu: cpu! * times, megabytes: megabytes! };
}
