import { readFileSync } from 'node:fs';
import { format } from 'node:util';
import { expect, it } from 'vitest';
import * as processing from '../index';

it('the README’s image example prints what it says', async () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const section = readme.slice(readme.indexOf('\n## Images\n'));
  const code = /```ts\n([\s\S]*?)```/.exec(section)![1]!;
  const output = /```text\n([\s\S]*?)```/.exec(section)![1]!;
  const script = code.replace(
    /^import \{(.*)\} from '@crossmodal\/processing';/m,
    'const {$1} = processing;',
  );
  const printed: string[] = [];
  const AsyncFunction = (async () => {}).constructor as new (
    ...args: string[]
  ) => (console: { log(...args: unknown[]): void }, library: typeof processing) => Promise<void>;
  await new AsyncFunction('console', 'processing', script)(
    { log: (...args) => printed.push(`${format(...args)}\n`) },
    processing,
  );
  expect(printed.join('')).toBe(output);
});
