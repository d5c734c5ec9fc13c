// A training step of a tiny CLIP (4 + 4 layers, width 256, 64 patches and a class token, 32 text tokens, AdamW):
// this repository's engine beside PyTorch on the CPU, each in a process of its own.
// npm run bench -- clip-train [batch] [threads] [--wasm]; PYTHON names an interpreter with torch.
import { type Measured, runNode, runTorch } from './lib/peer';
import { report } from './lib/report';

const withWasm = process.argv.includes('--wasm');
const [batch = '64', ...threads] = process.argv.slice(2).filter((argument) => argument !== '--wasm');
const runs = '5';

// Twice each, in turn, and the best of both: other work on the machine falls on all alike.
const rounds = [0, 1].map(() => ({
  ours: runNode('peers/clip-train.ts', ['onnx', batch, runs, ...threads]),
  torch: runTorch('peers/clip_train.py', [batch, runs, ...threads]),
}));
const best = (times: (Measured | undefined)[], key: string) =>
  Math.min(...times.map((t) => t?.[key] ?? Number.NaN));
const row = (engine: string, times: (Measured | undefined)[]) => ({
  engine,
  'step ms': Math.round(best(times, 'median')),
  'best ms': Math.round(best(times, 'best')),
  'processor ms': Math.round(best(times, 'cpu')),
  'peak MB': Math.round(best(times, 'megabytes')),
});
const ours = rounds.map((round) => round.ours);
const torch = rounds.map((round) => round.torch);
const table = [row('onnx (crossmodal)', ours)];
if (torch[0]) table.push(row('PyTorch', torch));
if (withWasm)
  table.push(
    row(`wasm (tfjs), batch 4 times ${Number(batch) / 4}`, [
      scaled(runNode('peers/clip-train.ts', ['wasm', '4', '1'])),
    ]),
  );
console.table(table);
if (!withWasm)
  console.log('tfjs wasm is left out: it takes a minute a step and dies at batch 64; --wasm runs batch 4.');
const peer = best(torch, 'median');
report({
  name: 'clip-train',
  ours: best(ours, 'median'),
  peer: Number.isNaN(peer) ? null : peer,
  unit: 'ms/step',
  ...(!Number.isNaN(peer) && { memory: { ours: best(ours, 'megabytes'), peer: best(torch, 'megabytes') } }),
});

/** Times of a batch of 4, for as many of them as make a whole batch. */
function scaled({ median, best: least, cpu, megabytes }: Measured): Measured {
  const times = Number(batch) / 4;
  return { median: median! * times, best: least! * times, cpu: cpu! * times, megabytes: megabytes! };
}
