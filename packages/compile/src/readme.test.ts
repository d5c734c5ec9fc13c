import { readFileSync } from 'node:fs';
import * as backend from '@crossmodal/backend-onnx';
import * as core from '@crossmodal/core';
import { codeBlocks, runExample } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import * as compile from './index';

it("the README's example prints what it says", async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const printed = await runExample(codeBlocks(readme, 'ts')[0]!, {
    '@crossmodal/backend-onnx': backend,
    '@crossmodal/compile': compile,
    '@crossmodal/core': core,
    '@tensorflow/tfjs-core': tf,
  });
  expect(printed).toBe(codeBlocks(readme, 'text')[0]);
});
