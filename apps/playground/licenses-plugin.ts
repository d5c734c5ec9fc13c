import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import type { Plugin } from 'vite';

/** In sw.js, which vite-plugin-pwa writes. */
const SERVICE_WORKER = ['workbox-core', 'workbox-precaching', 'workbox-routing'];

/**
 * Writes licenses.md: the licences of the packages in the page and in its worker (Vite's own list leaves the worker
 * out), and of what the models learned from.
 */
export function licenses(): { page: Plugin; worker: () => Plugin } {
  const folders = new Set<string>();
  const collect: Plugin = {
    name: 'licenses-collect',
    apply: 'build',
    generateBundle(_, bundle) {
      for (const output of Object.values(bundle)) {
        if (output.type !== 'chunk') continue;
        for (const id of output.moduleIds) {
          const folder = packageOf(id);
          if (folder) folders.add(folder);
        }
      }
    },
  };
  const page: Plugin = {
    ...collect,
    name: 'licenses',
    generateBundle(...args) {
      (collect.generateBundle as (...args: unknown[]) => void).apply(this, args);
      const require = createRequire(import.meta.url);
      const all = [
        ...folders,
        ...SERVICE_WORKER.map((name) => dirname(require.resolve(`${name}/package.json`))),
      ];
      const models = readFileSync(join(import.meta.dirname, 'public/models/LICENCES.md'), 'utf8');
      this.emitFile({
        type: 'asset',
        fileName: 'licenses.md',
        source: `${[...new Set(all.map(describe))].sort().join('\n')}\n${models}`,
      });
    },
  };
  return { page, worker: () => ({ ...collect }) };
}

/** The folder of the package, of others only, that a module is of. */
function packageOf(id: string): string | undefined {
  const path = id.replace(/^\0/, '').split('?')[0]!;
  const match = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path);
  return match ? resolve(match[1]!) : undefined;
}

function describe(folder: string): string {
  const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
    license?: string;
  };
  const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
  const text = file && existsSync(join(folder, file)) ? readFileSync(join(folder, file), 'utf8').trim() : '';
  return `## ${about.name} ${about.version} (${about.license ?? 'see below'})\n\n${text}\n`;
}
