import '@crossmodal/backend-onnx';
import { readFileSync } from 'node:fs';
import * as core from '@crossmodal/core';
import * as encoders from '@crossmodal/encoders';
import * as processing from '@crossmodal/processing';
import { codeBlocks, runExample } from '@crossmodal/test-utils';
import { expect, it } from 'vitest';
import * as sentiment from './index';

const modules: Record<string, unknown> = {
  '@crossmodal/core': core,
  '@crossmodal/encoders': encoders,
  '@crossmodal/processing': processing,
  '@crossmodal/sentiment': sentiment,
};
const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

it("the README's example prints what it says", async () => {
  const printed = await runExample(codeBlocks(readme, 'ts').join(''), modules);
  expect(printed).toBe(codeBlocks(readme, 'text')[0]);
});

it('the README names every export', () => {
  expect(Object.keys(sentiment).filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
});
