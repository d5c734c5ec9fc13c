// Convolutions and their gradients: this repository's engine, tfjs's wasm, PyTorch on the CPU.
// npm run bench -- conv [batch] [threads]; PYTHON names an interpreter with torch.
import { convCases, convOperations } from './lib/conv-cases';
import { runNode, runTorch } from './lib/peer';
import { report } from './lib/report';
import { rounds } from './lib/rounds';

const [batch = '64', ...threads] = process.argv.slice(2);
const { ours, torch } = rounds({
  ours: () => runNode('peers/conv.ts', ['onnx', batch, ...threads]),
  torch: () => runTorch('peers/conv.py', [JSON.stringify(convCases), batch, ...threads]),
});
const wasmBatch = Math.min(8, Number(batch));
const wasm = runNode('peers/conv.ts', ['wasm', String(wasmBatch)]);

const cases = convCases.flatMap((convCase) =>
  ['Conv2D', 'Conv2DBackpropInput', 'Conv2DBackpropFilter'].map((kernel) => ({ convCase, kernel })),
);
console.table(
  cases.map(({ convCase, kernel }) => {
    const key = `${convCase.name} ${kernel}`;
    const speed = (milliseconds: number | undefined, images: number) =>
      milliseconds && Number((convOperations(images, convCase) / milliseconds / 1e6).toFixed(1));
    return {
      convolution: convCase.name,
      kernel,
      'onnx ms': Number(ours![key]!.toFixed(2)),
      'torch ms': torch && Number(torch[key]!.toFixed(2)),
      'onnx GFLOP/s': speed(ours![key], Number(batch)),
      'torch GFLOP/s': speed(torch?.[key], Number(batch)),
      'wasm GFLOP/s': speed(wasm[key], wasmBatch),
    };
  }),
);
const sum = (times: Record<string, number>) =>
  cases.reduce((total, { convCase, kernel }) => total + times[`${convCase.name} ${kernel}`]!, 0);
report({
  name: 'conv',
  ours: sum(ours!),
  peer: torch && sum(torch),
  unit: 'ms',
  memory: { ours: ours!['megabytes']!, peer: torch?.['megabytes'] },
});
