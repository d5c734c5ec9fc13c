// Takes what the last whole run found into results.json and the README's table. With --check nothing is written: it
// fails where an engine that ran gave something else than results.json says.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { engineTable, type Result, resultOf, withTable } from './engine-table';
import { BROWSER_ENGINES, NODE_ENGINES } from './engines/names';
import type { Findings } from './findings';

const resultsFile = new URL('../results.json', import.meta.url);
const readmeFile = new URL('../../../README.md', import.meta.url);

const read = (file: string | URL) => JSON.parse(existsSync(file) ? readFileSync(file, 'utf8') : '{}');
const before = read(resultsFile) as Record<string, Result>;
const after: Record<string, Result> = {};
const names = [...NODE_ENGINES, ...BROWSER_ENGINES];
for (const name of names) {
  const found = read(`.cache/conformance/${name}.json`) as Findings;
  if (found.operations) after[name] = resultOf(found);
  else {
    console.log(`${name}: it did not run, its row stays as it was. ${found.missing ?? ''}`);
    if (before[name]) after[name] = before[name];
  }
}

if (process.argv.includes('--check')) {
  const stale = names.filter((name) => JSON.stringify(after[name]) !== JSON.stringify(before[name]));
  if (stale.length > 0) {
    console.error(
      `tools/conformance/results.json is not what ${stale.join(', ')} gave: npm run conformance.`,
    );
    process.exitCode = 1;
  }
} else {
  writeFileSync(resultsFile, `${JSON.stringify(after, null, 2)}\n`);
  writeFileSync(readmeFile, withTable(readFileSync(readmeFile, 'utf8'), engineTable(Object.values(after))));
}
