// Greedy generation by a causal decoder with a cache of keys and values (12 layers, 512 wide, 8 heads, 64 tokens of
// prompt, 256 new ones, one sequence): this repository's engine beside PyTorch, from the same weights. Both must give
// the same tokens.
// npm run bench -- decode [prompt] [new tokens] [threads]; PYTHON names an interpreter with torch and safetensors.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runNode, runTorch } from './lib/peer';
import { reportMeasured } from './lib/report';
import { rounds } from './lib/rounds';

const [prompt = '64', tokens = '256', ...threads] = process.argv.slice(2);
mkdirSync(new URL('../.cache/bench/', import.meta.url), { recursive: true });
const weights = fileURLToPath(new URL('../.cache/bench/decode.safetensors', import.meta.url));
if (!existsSync(weights)) runNode('peers/decode.ts', ['save', weights]);

const figures = rounds({
  'onnx (crossmodal)': () => runNode('peers/decode.ts', ['run', weights, prompt, tokens, ...threads]),
  PyTorch: () => runTorch('peers/decode.py', [weights, prompt, tokens, ...threads]),
});
const generated = (of: string) => readFileSync(`${weights}.${of}.json`, 'utf8').replaceAll(' ', '');
if (figures['PyTorch'] && generated('ours') !== generated('torch'))
  throw new Error(`decode: the tokens differ:\n${generated('ours')}\n${generated('torch')}`);
console.table(
  Object.entries(figures).map(([engine, { ms, megabytes }]) => ({
    engine,
    'tokens/s': Number((1000 / ms!).toFixed(1)),
    'ms/token': Number(ms!.toFixed(2)),
    'peak MB': Math.round(megabytes!),
  })),
);
reportMeasured('decode', 'ms', 'ms/token', figures['onnx (crossmodal)']!, figures['PyTorch']);
