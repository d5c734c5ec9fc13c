// CLIP ViT-B/32 (151 million values, 605 MB) from its published files to a model that can run: this repository's engine
// beside transformers, each from safetensors and from a pickle. Peak memory counts here: the file's size is what the
// weights alone take.
// npm run bench -- load; PYTHON names an interpreter with torch and transformers.
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runNode, runTorch } from './lib/peer';
import { reportMeasured } from './lib/report';
import { rounds } from './lib/rounds';

const folder = fileURLToPath(new URL('../.cache/bench/clip-vit-base-patch32/', import.meta.url));
if (!existsSync(`${folder}pytorch_model.bin`) && !runTorch('peers/load.py', ['save', folder]))
  process.exit(1);

const kinds = { safetensors: 'model.safetensors', pickle: 'pytorch_model.bin' };
const figures = rounds(
  Object.fromEntries(
    Object.entries(kinds).flatMap(([kind, file]) => [
      [`onnx (crossmodal), ${kind}`, () => runNode('peers/load.ts', [folder, file])],
      [`transformers, ${kind}`, () => runTorch('peers/load.py', [kind, folder])],
    ]),
  ),
);
const size = statSync(`${folder}model.safetensors`).size / 2 ** 20;
console.table(
  Object.entries(figures).map(([engine, { ms, megabytes, start }]) => ({
    engine,
    seconds: Number((ms! / 1000).toFixed(2)),
    'peak MB': Math.round(megabytes!),
    'of which before': Math.round(start!),
    'peak / file': Number((megabytes! / size).toFixed(2)),
  })),
);
const ours = figures['onnx (crossmodal), safetensors']!;
reportMeasured('load', 'ms', 'ms', ours, figures['transformers, safetensors']);
