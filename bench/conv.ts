// Convolutions and their gradients: this repository's engine, tfjs's wasm, PyTorch on the CPU.
// npm run bench -- conv [batch] [threads]; PYTHON names an interpreter with torch.
import { convCases, convOperations } from './lib/conv-cases';
import { type Measured, runNode, runTorch } from './lib/peer';
import { report } from './lib/report';

const [batch = '64', ...threads] = process.argv.slice(2);
// Twice each, in turn, and the best of both: other work on the machine falls on all alike.
const rounds = [0, 1].map(() => ({
  ours: runNode('peers/conv.ts', ['onnx', batch, ...threads]),
  torch: runTorch('peers/conv.py', [JSON.stringify(convCases), batch, ...threads]),
}));
const best = (times: (Measured | undefined)[], key: string) =>
  Math.min(...times.map((t) => t?.[key] ?? Number.NaN));
const wasm = runNode('peers/conv.ts', ['wasm', String(Math.min(8, Number(batch)))]);

const rows = convCases.flatMap((convCase) =>
  ['Conv2D', 'Conv2DBackpropInput', 'Conv2DBackpropFilter'].map((kernel) => {
    const key = `${convCase.name} ${kernel}`;
    const speed = (milliseconds: number, images: number) =>
      Number((convOperations(images, convCase) / milliseconds / 1e6).toFixed(1));
    const [ours, torch] = [
      best(
        rounds.map((r) => r.ours),
        key,
      ),
      best(
        rounds.map((r) => r.torch),
        key,
      ),
    ];
    return {
      convolution: convCase.name,
      kernel,
      'onnx ms': Number(ours.toFixed(2)),
      'torch ms': Number(torch.toFixed(2)),
      'onnx GFLOP/s': speed(ours, Number(batch)),
      'torch GFLOP/s': speed(torch, Number(batch)),
      'wasm GFLOP/s': key in wasm ? speed(wasm[key]!, Math.min(8, Number(batch))) : null,
    };
  }),
);
console.table(rows);
const sum = (column: 'onnx ms' | 'torch ms') => rows.reduce((total, row) => total + row[column], 0);
const peer = sum('torch ms');
report({ name: 'conv', ours: sum('onnx ms'), peer: Number.isNaN(peer) ? null : peer, unit: 'ms' });
