// Products of matrices: this repository's engine, PyTorch on the CPU; tfjs's wasm and jax-js (wasm) once each.
// npm run bench -- matmul [threads]; PYTHON names an interpreter with torch.
import { matmulCases, matmulOperations } from './lib/matmul-cases';
import { runNode, runTorch } from './lib/peer';
import { report } from './lib/report';
import { rounds } from './lib/rounds';

const threads = process.argv.slice(2);
const { ours, torch } = rounds({
  ours: () => runNode('peers/matmul.ts', ['onnx', ...threads]),
  torch: () => runTorch('peers/matmul.py', [JSON.stringify(matmulCases), ...threads]),
});
const wasm = runNode('peers/matmul.ts', ['wasm']);
const jax = runNode('peers/matmul-jax.ts');
console.table(
  matmulCases.map((matmulCase) => {
    const { name } = matmulCase;
    const speed = (milliseconds: number | undefined) =>
      milliseconds && Number((matmulOperations(matmulCase) / milliseconds / 1e6).toFixed(1));
    return {
      product: name,
      'onnx ms': Number(ours![name]!.toFixed(3)),
      'torch ms': torch && Number(torch[name]!.toFixed(3)),
      'onnx GFLOP/s': speed(ours![name]),
      'torch GFLOP/s': speed(torch?.[name]),
      'wasm GFLOP/s': speed(wasm[name]),
      'jax-js GFLOP/s': speed(jax[name]),
    };
  }),
);
const sum = (times: Record<string, number>) =>
  matmulCases.reduce((total, { name }) => total + times[name]!, 0);
report({
  name: 'matmul',
  ours: sum(ours!),
  peer: torch && sum(torch),
  unit: 'ms',
  memory: { ours: ours!['megabytes']!, peer: torch?.['megabytes'] },
});
