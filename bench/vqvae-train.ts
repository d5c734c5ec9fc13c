// A training step of a convolutional VQ-VAE (694,851 parameters, 64 x 64 pictures, AdamW): this repository's engine
// beside PyTorch on the CPU (the better of its two memory formats), each in a process of its own, from the same
// weights: the first losses must agree.
// npm run bench -- vqvae-train [batch]; PYTHON names an interpreter with torch.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runNode, runTorch } from './lib/peer';
import { report } from './lib/report';
import { rounds } from './lib/rounds';

const [batch = '32'] = process.argv.slice(2);
const script = fileURLToPath(new URL('peers/vqvae_train.py', import.meta.url));
const cache = fileURLToPath(new URL('../.cache/bench/', import.meta.url));
const weights = `${cache}vqvae-${batch}.safetensors`;
if (!existsSync(weights)) {
  mkdirSync(cache, { recursive: true });
  spawnSync(process.env['PYTHON'] ?? 'python3', [script, 'export', batch, weights]);
}
const hasWeights = existsSync(weights);
const torch =
  (...format: string[]) =>
  () =>
    hasWeights ? runTorch('peers/vqvae_train.py', ['run', batch, weights, ...format]) : undefined;
const { ours, ...peers } = rounds({
  ours: () => runNode('peers/vqvae-train.ts', [batch, ...(hasWeights ? [weights] : [])]),
  PyTorch: torch(),
  'PyTorch, channels last': torch('channels_last'),
});

console.table(
  Object.entries({ 'onnx (crossmodal)': ours!, ...peers }).map(([engine, figures]) => ({
    engine,
    'step ms': Math.round(figures['median']!),
    'best ms': Math.round(figures['best']!),
    'peak MB': Math.round(figures['megabytes']!),
    parameters: figures['parameters'],
    'first loss': Number(figures['firstLoss']!.toPrecision(6)),
  })),
);
const peer = Object.values(peers).sort((a, b) => a['median']! - b['median']!)[0];
if (peer && Math.abs(ours!['firstLoss']! / peer['firstLoss']! - 1) > 1e-4)
  throw new Error('vqvae-train: the first losses differ: these are not the same model.');
report({
  name: 'vqvae-train',
  ours: ours!['median']!,
  peer: peer?.['median'] ?? null,
  unit: 'ms/step',
  ...(peer && { memory: { ours: ours!['megabytes']!, peer: peer['megabytes']! } }),
});
