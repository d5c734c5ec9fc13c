// Makes a package from the template, then builds, type-checks and tests it as its author would, and removes it.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createPackage } from '../create-package/src/create-package';

const root = fileURLToPath(new URL('../..', import.meta.url));
const name = 'template-check';
const folder = createPackage(root, name);
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
process.on('SIGINT', () => process.exit(130));

const run = (cwd: string, ...command: string[]) =>
  execFileSync('npx', ['--no-install', ...command], { cwd, stdio: 'inherit' });

run(folder, 'tsup');
run(folder, 'tsc', '--noEmit', '-p', 'tsconfig.json');
run(folder, 'publint', '--strict');
run(root, 'vitest', 'run', join('packages', name));
run(root, 'biome', 'check', join('packages', name));
console.log('template-check: a new package builds, type-checks and passes its tests.');
