import { fileURLToPath } from 'node:url';
import { bundleFor } from '@crossmodal/test-utils/bundle-for';
import { expect, it } from 'vitest';

const index = fileURLToPath(new URL('../index.ts', import.meta.url));

it('a bundle for browsers holds nothing of Node', async () => {
  const { text, files } = await bundleFor('browser', index);
  expect(text).toContain('createImageBitmap');
  expect(text).not.toMatch(/["'`](node:|sharp["'`])/);
  expect(files).not.toMatch(/decode-image\.node|node_modules\/sharp/);
});

it('a bundle for Node holds nothing of browsers', async () => {
  const { text, files } = await bundleFor('node', index, ['sharp']);
  expect(text).toMatch(/import\(["']sharp["']\)/);
  expect(files).not.toContain('decode-image.browser');
});
