import '@crossmodal/backend-onnx';
import { readFileSync } from 'node:fs';
import { format } from 'node:util';
import * as core from '@crossmodal/core';
import * as processing from '@crossmodal/processing';
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
  const code = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, block]) => block).join('');
  const output = /```text\n([\s\S]*?)```/.exec(readme)![1]!;
  const script = code
    .replace(/^import \{([^}]*)\} from '(.*)';/gm, "const {$1} = modules['$2'];")
    .replace(/^import \* as (\w+) from '(.*)';/gm, "const $1 = modules['$2'];");
  const printed: string[] = [];
  const AsyncFunction = (async () => {}).constructor as new (
    ...args: string[]
  ) => (console: { log(...args: unknown[]): void }, library: typeof modules) => Promise<void>;
  const log = (...args: unknown[]) => printed.push(`${format(...args)}\n`);
  await new AsyncFunction('console', 'modules', script)({ log }, modules);
  expect(printed.join('')).toBe(output);
});

it('the README names every export', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const unnamed = Object.keys(clip).filter((name) => !readme.includes(`\`${name}\``));
  expect(unnamed).toEqual(['readCLIPConfig', 'writeCLIPConfig']);
});
