import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TensorflowBackendError } from '../errors';
import { run } from './run';
import { tfjsNode } from './sources';

/** Puts tfjs-node's own files into `folder`, without its dependencies. */
export function unpackTfjsNode(folder: string): void {
  const { name, version, integrity } = tfjsNode;
  const output = run(
    'npm',
    ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder, `${name}@${version}`],
    'npm must reach a registry',
  );
  const archive = join(folder, output.split('\n').at(-1)!);
  const got = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
  if (got !== integrity) {
    throw new TensorflowBackendError(
      `${name} ${version} has the hash ${got}, expected ${integrity}: try again`,
    );
  }
  run('tar', ['-xzf', archive, '-C', folder, '--strip-components=1'], 'tar must be there');
  rmSync(archive);
  // What its code requires and is lent at run time (load-tfjs-node.ts).
  for (const lent of ['tfjs', 'tfjs-core']) {
    const stub = join(folder, 'node_modules/@tensorflow', lent);
    mkdirSync(stub, { recursive: true });
    writeFileSync(join(stub, 'index.js'), '');
  }
}
