import { readFileSync } from 'node:fs';
import * as core from '@crossmodal/core';
import { codeBlocks, runExample } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import './index';

it("the README's example prints what it says", async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  // The import for its side effect is above.
  const code = codeBlocks(readme, 'ts')[0]!.replace(/^import '.*$/m, '');
  const printed = await runExample(code, { '@crossmodal/core': core, '@tensorflow/tfjs-core': tf });
  expect(printed).toBe(codeBlocks(readme, 'text')[0]);
});
