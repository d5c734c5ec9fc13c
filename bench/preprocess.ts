// From files (JPEG and PNG, 640 x 480 to 1920 x 1080) to CLIP's pixel values: this repository's imageBatches beside
// transformers' CLIPImageProcessor, on Pillow (the exact one, whose values ours must equal) and on torchvision.
// npm run bench -- preprocess [runs]; PYTHON names an interpreter with torch, torchvision, transformers and Pillow.
import { fileURLToPath } from 'node:url';
import { runNode, runTorch } from './lib/peer';
import { reportMeasured } from './lib/report';
import { rounds } from './lib/rounds';
import { photos } from './peers/photos';

const [runs = '3'] = process.argv.slice(2);
const files = await photos();
const values = fileURLToPath(new URL('../.cache/bench/photos/values.bin', import.meta.url));
runNode('peers/preprocess.ts', ['0', '0', values, ...files]);
const { ours, ...others } = rounds({
  ours: () => runNode('peers/preprocess.ts', ['0', runs, '', ...files]),
  'ours, 2 worker threads': () => runNode('peers/preprocess.ts', ['2', runs, '', ...files]),
  'transformers, Pillow': () => runTorch('peers/preprocess.py', ['pil', runs, values, ...files]),
  'transformers, torchvision': () => runTorch('peers/preprocess.py', ['torchvision', runs, values, ...files]),
});
console.table(
  Object.entries({ ours: ours!, ...others }).map(([name, { median, best, megabytes, difference }]) => ({
    name,
    'photos/s': Number((1000 / median!).toFixed(1)),
    'best photos/s': Number((1000 / best!).toFixed(1)),
    'peak MB': Math.round(megabytes!),
    'our time to its': Number((ours!['median']! / median!).toFixed(2)),
    'levels from ours': difference === undefined ? '' : Number(difference.toFixed(3)),
  })),
);
const exact = others['transformers, Pillow'];
if (exact && exact['difference']! > 0.01) {
  throw new Error(`Our pixels are not Pillow's: ${exact['difference']} levels apart.`);
}
reportMeasured('preprocess', 'median', 'ms/photo', ours!, exact);
