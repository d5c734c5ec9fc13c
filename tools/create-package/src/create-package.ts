import { cpSync, existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const template = fileURLToPath(new URL('../template', import.meta.url));

/**
 * Makes `packages/<name>` from the template.
 *
 * @param root The repository.
 * @param name Folder and package name: lower case, digits and hyphens.
 * @returns The new folder.
 */
export function createPackage(root: string, name: string): string {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
    throw new Error(`npm run new: expected a name such as "late-fusion", received "${name}".`);
  }
  const folder = join(root, 'packages', name);
  if (existsSync(folder)) throw new Error(`npm run new: ${folder} exists already.`);
  cpSync(template, folder, { recursive: true });
  const { version } = JSON.parse(readFileSync(join(root, 'packages/core/package.json'), 'utf8')) as {
    version: string;
  };
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const from = join(entry.parentPath, entry.name);
    const to = join(entry.parentPath, entry.name.replace(/\.template$/, ''));
    const text = readFileSync(from, 'utf8').replaceAll('__name__', name).replaceAll('__version__', version);
    writeFileSync(from, text);
    renameSync(from, to);
  }
  return folder;
}
