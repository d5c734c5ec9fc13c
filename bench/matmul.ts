// Products of matrices: this repository's engine, tfjs's wasm, PyTorch on the CPU.
// npm run bench -- matmul [threads]; PYTHON names an interpreter with torch.
import { matmulCases, matmulOperations } from './lib/matmul-cases';
import { type Measured, runNode, runTorch } from './lib/peer';
import { report } from './lib/report';

const threads = process.argv.slice(2);
// Twice each, in turn, and the best of both: other work on the machine falls on all alike.
const rounds = [0, 1].map(() => ({
  ours: runNode('peers/matmul.ts', ['onnx', ...threads]),
  torch: runTorch('peers/matmul.py', [JSON.stringify(matmulCases), ...threads]),
}));
const wasm = runNode('peers/matmul.ts', ['wasm']);
const best = (times: (Measured | undefined)[], key: string) =>
  Math.min(...times.map((t) => t?.[key] ?? Number.NaN));
const rows = matmulCases.map((matmulCase) => {
  const { name } = matmulCase;
  const speed = (milliseconds: number) =>
    Number((matmulOperations(matmulCase) / milliseconds / 1e6).toFixed(1));
  const [ours, torch] = [
    best(
      rounds.map((r) => r.ours),
      name,
    ),
    best(
      rounds.map((r) => r.torch),
      name,
    ),
  ];
  return {
    product: name,
    'onnx ms': Number(ours.toFixed(3)),
    'torch ms': Number(torch.toFixed(3)),
    'onnx GFLOP/s': speed(ours),
    'torch GFLOP/s': speed(torch),
    'wasm GFLOP/s': speed(wasm[name]!),
  };
});
console.table(rows);
const sum = (column: 'onnx ms' | 'torch ms') => rows.reduce((total, row) => total + row[column], 0);
const peer = sum('torch ms');
report({ name: 'matmul', ours: sum('onnx ms'), peer: Number.isNaN(peer) ? null : peer, unit: 'ms' });
