import '@crossmodal/backend-onnx';
import { readFileSync } from 'node:fs';
import * as core from '@crossmodal/core';
import * as processing from '@crossmodal/processing';
import { codeBlocks, runExample } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import * as clip from './index';

const modules: Record<string, unknown> = {
  '@crossmodal/clip': clip,
  '@crossmodal/core': core,
  '@crossmodal/processing': processing,
  '@tensorflow/tfjs-core': tf,
};

it("the README's example prints what it says", async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const printed = await runExample(codeBlocks(readme, 'ts').join(''), modules);
  expect(printed).toBe(codeBlocks(readme, 'text')[0]);
});

it('the README names every export', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const unnamed = Object.keys(clip).filter((name) => !readme.includes(`\`${name}\``));
  expect(unnamed).toEqual(['readCLIPConfig', 'writeCLIPConfig']);
});
