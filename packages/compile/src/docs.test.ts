import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import * as http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as backend from '@crossmodal/backend-onnx';
import * as core from '@crossmodal/core';
import { codeBlocks, runExample } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import * as compile from './index';

it('the example that trains, compiles, exports and serves prints what the page says', async () => {
  const page = readFileSync(new URL('../../../docs/compile.md', import.meta.url), 'utf8');
  const folder = mkdtempSync(join(tmpdir(), 'compile-docs-'));
  try {
    const code = codeBlocks(page, 'ts')[0]!.replace(
      "'classifier.onnx'",
      JSON.stringify(join(folder, 'classifier.onnx')),
    );
    const printed = await runExample(code, {
      '@crossmodal/backend-onnx': backend,
      '@crossmodal/compile': compile,
      '@crossmodal/core': core,
      '@tensorflow/tfjs-core': tf,
      'node:http': http,
    });
    expect(printed).toBe(codeBlocks(page, 'text')[0]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
