// Reading a WebDataset shard of 10,000 JPEGs with captions, not decoded, shuffled through a buffer of 1,000: the
// package's stream beside Python's tarfile, which neither shuffles nor groups more than pairs.
// npm run bench -- data-stream [samples] [kilobytes an image]; PYTHON names an interpreter with torch (for the others).
import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runNode, runTorch } from './lib/peer';
import { reportMeasured } from './lib/report';
import { rounds } from './lib/rounds';

const [count = '10000', kilobytes = '15'] = process.argv.slice(2);
const folder = new URL('../.cache/bench/', import.meta.url);
mkdirSync(folder, { recursive: true });
const path = fileURLToPath(new URL(`pairs-${count}-${kilobytes}.tar`, folder));
if (!existsSync(path)) runNode('peers/data-stream.ts', ['write', path, count, kilobytes]);

const figures = rounds({
  'crossmodal data': () => runNode('peers/data-stream.ts', ['shuffled', path]),
  'crossmodal data, in order': () => runNode('peers/data-stream.ts', ['ordered', path]),
  'Python tarfile': () => runTorch('peers/data_stream.py', [path]),
});
console.table(
  Object.entries(figures).map(([reader, { us, megabytes }]) => ({
    reader,
    'samples/s': Math.round(1e6 / us!),
    'MB/s': Math.round((Number(kilobytes) * 1000) / us!),
    'peak MB': Math.round(megabytes!),
  })),
);
reportMeasured('data-stream', 'us', 'us/sample', figures['crossmodal data']!, figures['Python tarfile']);
