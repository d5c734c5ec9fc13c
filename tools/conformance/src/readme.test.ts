import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import results from '../results.json' with { type: 'json' };
import { cases } from './cases';
import { engineTable, type Result, withTable } from './engine-table';
import { BROWSER_ENGINES, NODE_ENGINES } from './engines/names';
import { models } from './models';

const stale = 'stale: npm run conformance';

it("the README's table is that of results.json", () => {
  const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
  expect(withTable(readme, engineTable(Object.values(results as Record<string, Result>))), stale).toBe(
    readme,
  );
});

it('results.json has every operation and every model, of engines that there are', () => {
  expect([...NODE_ENGINES, ...BROWSER_ENGINES], stale).toEqual(expect.arrayContaining(Object.keys(results)));
  expect(Object.keys(results)).toContain('onnx');
  for (const { operations, training } of Object.values(results as Record<string, Result>)) {
    const different = Object.values(operations.unlike).reduce((a, b) => a + b, 0);
    expect(operations.checked, stale).toBe(cases.length);
    expect(operations.equal + different, operations.label).toBe(cases.length);
    expect(training.models, stale).toEqual(models.map(({ name }) => name));
  }
});
