// Greedy generation by the decoder of `decode`, each step one graph: beside PyTorch and beside the same step kernel by
// kernel, from the same weights. All must give the same tokens.
// npm run bench -- compile-decode [prompt] [new tokens] [threads]; PYTHON names an interpreter with torch and safetensors.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runNode, runTorch } from './lib/peer';
import { reportMeasured } from './lib/report';
import { rounds } from './lib/rounds';

const [prompt = '64', tokens = '256', ...threads] = process.argv.slice(2);
mkdirSync(new URL('../.cache/bench/', import.meta.url), { recursive: true });
const weights = fileURLToPath(new URL('../.cache/bench/decode.safetensors', import.meta.url));
if (!existsSync(weights)) runNode('peers/decode.ts', ['save', weights]);

const ours = (how: string) => () => {
  const figures = runNode('peers/decode.ts', [how, weights, prompt, tokens, ...threads]);
  generated[how] = readFileSync(`${weights}.ours.json`, 'utf8');
  return figures;
};
const generated: Record<string, string> = {};
const figures = rounds({
  compiled: ours('compiled'),
  PyTorch: () => runTorch('peers/decode.py', [weights, prompt, tokens, ...threads]),
  'kernel by kernel': ours('run'),
});
if (figures['PyTorch'])
  generated['torch'] = readFileSync(`${weights}.torch.json`, 'utf8').replaceAll(' ', '');
if (new Set(Object.values(generated)).size > 1)
  throw new Error(`compile-decode: the tokens differ:\n${Object.values(generated).join('\n')}`);
console.table(
  Object.entries(figures).map(([engine, { ms, megabytes }]) => ({
    engine,
    'tokens/s': Number((1000 / ms!).toFixed(1)),
    'ms/token': Number(ms!.toFixed(2)),
    'peak MB': Math.round(megabytes!),
  })),
);
reportMeasured('compile-decode', 'ms', 'ms/token', figures['compiled']!, figures['PyTorch']);
