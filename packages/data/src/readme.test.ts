import { readFileSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import * as core from '@crossmodal/core';
import * as processing from '@crossmodal/processing';
import { codeBlocks, runExample } from '@crossmodal/test-utils';
import { expect, it } from 'vitest';
import * as data from './index';
import { temporaryFolder } from './testing/fixtures';

const folder = temporaryFolder();
const modules: Record<string, unknown> = {
  '@crossmodal/core': core,
  '@crossmodal/data': data,
  '@crossmodal/processing': processing,
  'node:fs/promises': { ...fs, mkdtemp: (prefix: string) => fs.mkdtemp(join(folder, prefix)) },
};

it("the README's example prints what it says", async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const printed = await runExample(codeBlocks(readme, 'ts').join(''), modules);
  expect(printed).toBe(codeBlocks(readme, 'text')[0]);
});

it('the README names every export', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  expect(Object.keys(data).filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
});
