import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

it('a bundle for browsers holds nothing of Node', async () => {
  const result = await build({
    entryPoints: [fileURLToPath(new URL('index.ts', import.meta.url))],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    conditions: ['crossmodal-source', 'browser'],
    metafile: true,
    logLevel: 'silent',
  });
  expect(result.outputFiles[0]!.text).not.toMatch(/["'`]node:/);
  const inputs = Object.keys(result.metafile.inputs).join();
  expect(inputs).toMatch(/fusion\/src\/index\.ts/);
  expect(inputs).not.toMatch(/\.node\.ts/);
});
