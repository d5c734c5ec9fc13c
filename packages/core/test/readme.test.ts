import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import * as node from '../src/node/index';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

it("the README's example prints what it says", { timeout: 180_000 }, async () => {
  const block = (language: string) => readme.match(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 's'))![1]!;
  const { transform } = await import('esbuild');
  const { code } = await transform(block('ts'), { loader: 'ts', target: 'es2022' });
  const conditions = process.env['TEST_DIST'] ? [] : ['--conditions=crossmodal-source'];
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...conditions, '--import', 'tsx', '--input-type=module', '--eval', code],
    { cwd: fileURLToPath(new URL('..', import.meta.url)) },
  );
  expect(stdout).toBe(block('text'));
});

it('the README names every export for files', () => {
  for (const name of Object.keys(node)) if (name !== 'fileSource') expect(readme).toContain(`\`${name}\``);
});
