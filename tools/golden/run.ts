// npm run golden -- <package> [recipe]: reruns the package's recipes (Python, reference implementations from PyPI)
// in a copy, and compares what they write with the stored fixtures. --write keeps the new ones.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const args = process.argv.slice(2);
const write = args.includes('--write');
const [name, only] = args.filter((arg) => !arg.startsWith('--'));
const known = readdirSync(join(root, 'packages')).filter((p) =>
  existsSync(join(root, 'packages', p, 'golden')),
);
if (!name || !known.includes(name)) {
  console.error(
    `Usage: npm run golden -- <package> [recipe] [--write]\nPackages with recipes: ${known.join(', ')}`,
  );
  process.exit(2);
}

const folder = join(root, 'packages', name, 'golden');
const recipes = readdirSync(folder).filter(
  (file) => file.endsWith('.py') && (!only || file === `${only}.py`),
);
if (recipes.length === 0) {
  console.error(`No recipe ${only ?? ''} in ${relative(root, folder)}.`);
  process.exit(2);
}

// Recipes find their inputs and write their fixtures beside themselves, so a copy of the tree's golden folder is
// enough to run them without touching what is stored.
const copy = mkdtempSync(join(tmpdir(), 'golden-'));
process.on('exit', () => rmSync(copy, { recursive: true, force: true }));
const fresh = join(copy, 'packages', name, 'golden');
cpSync(join(root, 'packages', name), join(copy, 'packages', name), {
  recursive: true,
  filter: (path) => !/[\\/](node_modules|dist)$/.test(path),
});

const environments = new Map<string, string>();
let differing = 0;
for (const recipe of recipes) {
  console.log(`${recipe} ...`);
  // A recipe whose libraries do not go with the others' has a list, and an environment, of its own.
  const own = join(folder, recipe.replace('.py', '.requirements.txt'));
  const python =
    process.env.PYTHON ?? (existsSync(own) ? environment(own, recipe.replace('.py', '')) : environment());
  execFileSync(python, [join(fresh, recipe)], { stdio: 'inherit', cwd: copy });
}
for (const file of files(fresh)) {
  if (/\.(py|requirements\.txt)$/.test(file) || file.includes('__pycache__')) continue;
  const stored = join(folder, file);
  const made = readFileSync(join(fresh, file));
  const verdict = !existsSync(stored) ? 'new' : compare(file, readFileSync(stored), made);
  if (verdict !== 'same') differing++;
  console.log(`${verdict.padEnd(10)} ${file}`);
  if (write && verdict !== 'same') cpSync(join(fresh, file), stored);
}
if (differing > 0 && !write) {
  console.error(`${differing} fixtures differ; --write keeps the new ones.`);
  process.exit(1);
}

/** Byte equality, or for safetensors: the same arrays within 1e-5 (library versions differ in the last bits). */
function compare(file: string, stored: Buffer, made: Buffer): string {
  if (stored.equals(made)) return 'same';
  if (!file.endsWith('.safetensors')) return 'different';
  const a = arrays(stored);
  const b = arrays(made);
  if (Object.keys(a).sort().join() !== Object.keys(b).sort().join()) return 'different';
  for (const [key, { dtype, shape, bytes }] of Object.entries(a)) {
    const other = b[key]!;
    if (dtype !== other.dtype || shape.join() !== other.shape.join()) return 'different';
    if (bytes.equals(other.bytes)) continue;
    if (dtype !== 'F32') return 'different';
    const x = new Float32Array(Uint8Array.from(bytes).buffer);
    const y = new Float32Array(Uint8Array.from(other.bytes).buffer);
    if (x.some((value, i) => !(Math.abs(value - y[i]!) <= 1e-5 + 1e-5 * Math.abs(value)))) return 'different';
  }
  return 'same';
}

function arrays(file: Buffer): Record<string, { dtype: string; shape: number[]; bytes: Buffer }> {
  const length = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString('utf8', 8, 8 + length));
  delete header.__metadata__;
  const entries = Object.entries(
    header as Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>,
  );
  return Object.fromEntries(
    entries.map(
      ([
        key,
        {
          dtype,
          shape,
          data_offsets: [start, end],
        },
      ]) => [key, { dtype, shape, bytes: file.subarray(8 + length + start, 8 + length + end) }],
    ),
  );
}

function files(folder: string): string[] {
  return (readdirSync(folder, { recursive: true }) as string[]).filter((file) =>
    statSync(join(folder, file)).isFile(),
  );
}

/** A virtual environment with the pinned reference libraries, made once under .cache. */
function environment(
  requirements = fileURLToPath(new URL('requirements.txt', import.meta.url)),
  name = 'venv',
): string {
  const known = environments.get(name);
  if (known) return known;
  const venv = join(root, '.cache', `golden-${name}`);
  const python = join(venv, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  if (!existsSync(python)) {
    console.log(
      `Making ${relative(root, venv)} (PyTorch and others, some gigabytes; set PYTHON to use your own) ...`,
    );
    execFileSync('python3', ['-m', 'venv', venv], { stdio: 'inherit' });
  }
  execFileSync(python, ['-m', 'pip', 'install', '-q', '-r', requirements], { stdio: 'inherit' });
  environments.set(name, python);
  return python;
}
