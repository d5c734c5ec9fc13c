import { readFileSync } from 'node:fs';
import { codeBlocks, runExample } from '@crossmodal/test-utils';
import { expect, it } from 'vitest';
import * as processing from '../index';

it('the README’s audio example prints what it says', async () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const section = readme.slice(readme.indexOf('\n## Audio\n'));
  const printed = await runExample(codeBlocks(section, 'ts')[0]!, { '@crossmodal/processing': processing });
  expect(printed).toBe(codeBlocks(section, 'text')[0]);
});
