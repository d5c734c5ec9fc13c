import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

it('a bundle for browsers holds nothing of Node', async () => {
  const result = await build({
    entryPoints: [fileURLToPath(new URL('index.browser.ts', import.meta.url))],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    conditions: ['crossmodal-source', 'browser'],
    metafile: true,
    logLevel: 'silent',
  });
  expect(result.outputFiles[0]!.text).not.toMatch(/["'`]node:/);
  expect(Object.keys(result.metafile.inputs).join()).not.toMatch(
    /data\/src\/(sources|files|net)\/|tar-stream|csv-parse/,
  );
});
