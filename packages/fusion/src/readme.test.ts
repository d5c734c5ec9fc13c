import '@crossmodal/backend-onnx';
import { readFileSync } from 'node:fs';
import * as core from '@crossmodal/core';
import { codeBlocks, runExample } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import * as fusion from './index';

const modules: Record<string, unknown> = {
  '@crossmodal/core': core,
  '@crossmodal/fusion': fusion,
  '@tensorflow/tfjs-core': tf,
};
const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

describe('README', () => {
  it('has an example that prints what it says', async () => {
    const printed = await runExample(codeBlocks(readme, 'ts').join(''), modules);
    expect(printed).toBe(codeBlocks(readme, 'text')[0]);
  }, 60_000);

  it('names every export', () => {
    expect(Object.keys(fusion).filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
  });

  it.each(Object.keys(fusion.fusionStrategies))('has a line for %s', (name) => {
    expect(readme).toContain(`| \`${name}\` |`);
  });
});
