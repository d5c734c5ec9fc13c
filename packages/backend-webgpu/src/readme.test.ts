import { readFileSync } from 'node:fs';
import * as core from '@crossmodal/core';
import { codeBlocks, runExample, useSoftwareGpu } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import * as webgpu from './index';

const missing = useSoftwareGpu();

it("the README's example prints what it says", async (context) => {
  if (missing && !process.env.CI) context.skip(missing);
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const printed = await runExample(codeBlocks(readme, 'ts')[0]!.replace(/ \/\/ registers it$/m, ''), {
    '@crossmodal/backend-webgpu': webgpu,
    '@crossmodal/core': core,
    '@tensorflow/tfjs-core': tf,
  });
  expect(printed).toBe(codeBlocks(readme, 'text')[0]);
});
