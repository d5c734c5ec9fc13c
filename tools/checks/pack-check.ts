// Packs every public package and checks the tarballs as a user meets them: publint, attw, and an installation in
// an empty folder outside the workspace in which a small program runs (smoke/<package>.mjs, or a bare import).
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Manifest {
  name: string;
  private?: boolean;
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'crossmodal-pack-'));
process.on('exit', () => rmSync(work, { recursive: true, force: true }));

const packages = readdirSync(join(root, 'packages'))
  .map((folder) => ({ folder, path: join(root, 'packages', folder) }))
  .map((entry) => ({
    ...entry,
    manifest: JSON.parse(readFileSync(join(entry.path, 'package.json'), 'utf8')) as Manifest,
  }))
  .filter(({ manifest }) => !manifest.private);
const only = process.argv.slice(2);

const tarballs = new Map<string, string>();
for (const { path, manifest } of packages) {
  const output = run(path, 'npm', 'pack', '--json', '--pack-destination', work);
  const [{ filename }] = JSON.parse(output.slice(output.indexOf('['))) as [{ filename: string }];
  tarballs.set(manifest.name, join(work, filename));
}

let failed = 0;
for (const { folder, path, manifest } of packages) {
  if (only.length > 0 && !only.includes(folder)) continue;
  const checks: [string, () => void][] = [
    ['publint', () => run(path, 'npx', '--no-install', 'publint', '--strict')],
    [
      'attw',
      () => run(root, 'npx', '--no-install', 'attw', '--profile', 'esm-only', tarballs.get(manifest.name)!),
    ],
    ['install and run', () => installAndRun(folder, manifest)],
  ];
  for (const [name, check] of checks) {
    try {
      check();
      console.log(`ok    ${manifest.name}: ${name}`);
    } catch (error) {
      failed++;
      const {
        stdout = '',
        stderr = '',
        message,
      } = error as { stdout?: string; stderr?: string; message: string };
      console.error(`FAIL  ${manifest.name}: ${name}\n${stdout || stderr ? stdout + stderr : message}`);
    }
  }
}
if (failed > 0) process.exit(1);

function installAndRun(folder: string, manifest: Manifest): void {
  const home = join(work, folder);
  mkdirSync(home);
  // Our own packages come from the tarballs; what a user is told to install beside them (required peers and one
  // engine) comes from the registry.
  const ours = closure(manifest.name);
  const dependencies = Object.fromEntries(ours.map((name) => [name, `file:${tarballs.get(name)}`]));
  for (const name of ours) {
    const { peerDependencies = {}, peerDependenciesMeta = {} } = packages.find(
      (p) => p.manifest.name === name,
    )!.manifest;
    for (const [peer, range] of Object.entries(peerDependencies)) {
      if (!peerDependenciesMeta[peer]?.optional) dependencies[peer] = range;
    }
  }
  if ('@tensorflow/tfjs-core' in dependencies) dependencies['@tensorflow/tfjs-backend-cpu'] = '^4.22.0';
  const overrides = Object.fromEntries(ours.map((name) => [name, `$${name}`]));
  writeFileSync(
    join(home, 'package.json'),
    JSON.stringify({ private: true, type: 'module', dependencies, overrides }),
  );
  run(home, 'npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline');
  const smoke = join(root, 'tools/checks/smoke', `${folder}.mjs`);
  const program = join(home, 'smoke.mjs');
  if (existsSync(smoke)) cpSync(smoke, program);
  else
    writeFileSync(
      program,
      `if (Object.keys(await import('${manifest.name}')).length === 0) throw new Error('no exports');`,
    );
  run(home, process.execPath, program);
}

/** The package and all of ours that it depends on. */
function closure(name: string, seen: string[] = []): string[] {
  if (seen.includes(name)) return seen;
  seen.push(name);
  const manifest = packages.find((p) => p.manifest.name === name)!.manifest;
  for (const dependency of Object.keys(manifest.dependencies ?? {}))
    if (tarballs.has(dependency)) closure(dependency, seen);
  return seen;
}

function run(cwd: string, command: string, ...args: string[]): string {
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
