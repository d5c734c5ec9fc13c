import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { beginRun, readRunJson } from './run-files';

const root = mkdtempSync(join(tmpdir(), 'run-files-'));
afterAll(() => rmSync(root, { recursive: true }));

it('begins a run, goes on with it, and throws it away when told to', async () => {
  const folder = join(root, 'run');
  await beginRun(folder, { steps: 1 }, false);
  writeFileSync(join(folder, 'log.jsonl'), 'a line');
  await beginRun(folder, { steps: 1 }, false);
  expect(existsSync(join(folder, 'log.jsonl'))).toBe(true);
  await expect(beginRun(folder, { steps: 2 }, false)).rejects.toThrow(
    `${folder} holds a run with another recipe. Train anew with --fresh, or elsewhere with --out <folder>.`,
  );
  await beginRun(folder, { steps: 2 }, true);
  expect(existsSync(join(folder, 'log.jsonl'))).toBe(false);
  expect(JSON.parse(readFileSync(join(folder, 'recipe.json'), 'utf8'))).toEqual({ steps: 2 });
  await beginRun(join(root, 'new'), {}, true);
});

it('throws nothing away that is no run', async () => {
  const folder = join(root, 'letters');
  mkdirSync(folder);
  await beginRun(folder, {}, true); // empty: nothing is lost
  rmSync(join(folder, 'recipe.json'));
  writeFileSync(join(folder, 'letter.txt'), 'dear reader');
  await expect(beginRun(folder, {}, true)).rejects.toThrow(
    `${folder} holds something else than a run; --fresh does not remove it. Take another with --out <folder>.`,
  );
  expect(existsSync(join(folder, 'letter.txt'))).toBe(true);
});

it('says what is damaged, and what to do', async () => {
  const path = join(root, 'damaged.json');
  writeFileSync(path, '{');
  await expect(readRunJson(path, 'npm start')).rejects.toThrow(
    /damaged\.json is damaged: .* Train anew with: npm start -- --fresh/,
  );
});
