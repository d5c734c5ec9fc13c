import '@crossmodal/backend-onnx';
import { readFileSync } from 'node:fs';
import * as core from '@crossmodal/core';
import { codeBlocks, runExample } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import * as vqvae from './index';

const modules: Record<string, unknown> = {
  '@crossmodal/core': core,
  '@crossmodal/vqvae': vqvae,
  '@tensorflow/tfjs-core': tf,
};

it("the README's example prints what it says", async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const printed = await runExample(codeBlocks(readme, 'ts').join(''), modules);
  expect(printed).toBe(codeBlocks(readme, 'text')[0]);
}, 60_000);
