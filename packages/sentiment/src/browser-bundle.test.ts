import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

it('a bundle for browsers holds nothing of Node, and says so when files are asked for', async () => {
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
  const code = result.outputFiles[0]!.text;
  expect(code).not.toMatch(/["'`]node:/);
  expect(code).toContain('a browser opens no paths');
  const inputs = Object.keys(result.metafile.inputs).join();
  expect(inputs).toMatch(/fusion\/src\/index\.ts/);
  expect(inputs).not.toMatch(/\.node\.ts/);
});
