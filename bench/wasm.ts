// The wasm engine with @crossmodal/backend-wasm beside tfjs's own: operations, and a training step of the tiny CLIP.
// npm run bench -- wasm
import { runNode } from './lib/peer';
import { report } from './lib/report';

const figures = { ours: runNode('peers/wasm.ts', ['ours']), tfjs: runNode('peers/wasm.ts', ['tfjs']) };
const step = (engine: string) => runNode('peers/clip-train.ts', [engine, '4', '2']);
const steps = { ours: step('wasm'), tfjs: step('tfjs-wasm') };
const row = (operation: string, ours: number, tfjs: number | undefined) => ({
  operation,
  'ours ms': Number(ours.toPrecision(3)),
  'tfjs ms': tfjs === undefined ? 'not there' : Number(tfjs.toPrecision(3)),
});
console.table([
  ...Object.entries(figures.ours)
    .filter(([operation]) => operation !== 'megabytes')
    .map(([operation, ours]) => row(operation, ours, figures.tfjs[operation])),
  row('training step of a small CLIP, batch 4', steps.ours['best']!, steps.tfjs['best']),
]);
report({
  name: 'wasm',
  ours: steps.ours['best']!,
  peer: steps.tfjs['best'],
  unit: 'ms',
  memory: { ours: steps.ours['megabytes']!, peer: steps.tfjs['megabytes'] },
});
