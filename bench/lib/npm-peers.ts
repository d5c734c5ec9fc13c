import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const wanted = new URL('../peers/package.json', import.meta.url);
const folder = new URL('../../.cache/bench/', import.meta.url);

/**
 * Imports a package that only benches use, of `bench/peers/package.json`; the first call installs all of them into
 * `.cache/bench`, without their install scripts. The repository itself depends on none.
 *
 * @example
 * const { pipeline } = await importPeer<typeof import('...')>('@huggingface/transformers');
 */
export async function importPeer<T = Record<string, unknown>>(name: string): Promise<T> {
  installPeers();
  const path = createRequire(new URL('package.json', folder)).resolve(name);
  return (await import(pathToFileURL(path).href)) as T;
}

/** `name version` of every such package, for {@link machine}. */
export function peerVersions(): string[] {
  const { dependencies } = JSON.parse(readFileSync(wanted, 'utf8')) as { dependencies: object };
  return Object.entries(dependencies).map(([name, version]) => `${name} ${version}`);
}

function installPeers(): void {
  const installed = new URL('package.json', folder);
  const isSame = existsSync(installed) && readFileSync(installed, 'utf8') === readFileSync(wanted, 'utf8');
  if (isSame && existsSync(new URL('node_modules/.package-lock.json', folder))) return;
  mkdirSync(folder, { recursive: true });
  copyFileSync(wanted, installed);
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'];
  const { status, stderr } = spawnSync('npm', args, { cwd: fileURLToPath(folder), encoding: 'utf8' });
  if (status !== 0) throw new Error(`npm ${args.join(' ')} failed in .cache/bench:\n${stderr}`);
}
