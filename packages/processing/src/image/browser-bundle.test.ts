import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

async function bundle(platform: 'browser' | 'node') {
  const result = await build({
    entryPoints: [fileURLToPath(new URL('../index.ts', import.meta.url))],
    bundle: true,
    write: false,
    format: 'esm',
    platform,
    conditions: ['crossmodal-source', platform],
    external: platform === 'node' ? ['sharp'] : [],
    metafile: true,
    logLevel: 'silent',
  });
  return { text: result.outputFiles[0]!.text, files: Object.keys(result.metafile.inputs).join('\n') };
}

it('a bundle for browsers holds nothing of Node', async () => {
  const { text, files } = await bundle('browser');
  expect(text).toContain('createImageBitmap');
  expect(text).not.toMatch(/["'`](node:|sharp["'`])/);
  expect(files).not.toMatch(/decode-image\.node|node_modules\/sharp/);
});

it('a bundle for Node holds nothing of browsers', async () => {
  const { text, files } = await bundle('node');
  expect(text).toMatch(/import\(["']sharp["']\)/);
  expect(files).not.toContain('decode-image.browser');
});
