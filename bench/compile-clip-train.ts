// A training step of the tiny CLIP of `clip-train`, forward and backward as one graph: beside PyTorch on the CPU and
// beside the same step kernel by kernel, each in a process of its own.
// npm run bench -- compile-clip-train [batch]; PYTHON names an interpreter with torch.
import { runNode, runTorch } from './lib/peer';
import { reportMeasured } from './lib/report';
import { rounds } from './lib/rounds';

const [batch = '64', ...threads] = process.argv.slice(2);
const runs = '5';
const figures = rounds({
  compiled: () => runNode('peers/clip-train.ts', ['compiled', batch, runs, ...threads]),
  PyTorch: () => runTorch('peers/clip_train.py', [batch, runs, ...threads]),
  'kernel by kernel': () => runNode('peers/clip-train.ts', ['onnx', batch, runs, ...threads]),
});
console.table(
  Object.entries(figures).map(([engine, times]) => ({
    engine,
    'step ms': Math.round(times['median']!),
    'best ms': Math.round(times['best']!),
    'processor ms': Math.round(times['cpu']!),
    'peak MB': Math.round(times['megabytes']!),
  })),
);
reportMeasured('compile-clip-train', 'median', 'ms/step', figures['compiled']!, figures['PyTorch']);
