import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(import.meta.url);

/** The folder of an installed npm package, whatever its `exports` hide. */
export function packageFolder(name: string): string {
  for (const modules of require.resolve.paths(name) ?? []) {
    const folder = join(modules, name);
    if (existsSync(join(folder, 'package.json'))) return folder;
  }
  throw new Error(`packageFolder: ${name} is not installed. Run \`npm ci\` in the repository root.`);
}

/** A JSON file inside an installed npm package. */
export function readPackageJson<T>(name: string, file: string): T {
  return JSON.parse(readFileSync(join(packageFolder(name), file), 'utf8')) as T;
}

/** The version of an installed npm package. */
export function packageVersion(name: string): string {
  return readPackageJson<{ version: string }>(name, 'package.json').version;
}
