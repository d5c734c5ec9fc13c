import { fileURLToPath } from 'node:url';
import { bundleFor } from '@crossmodal/test-utils/bundle-for';
import { expect, it } from 'vitest';

it('a bundle for browsers holds nothing of Node, and says so when files are asked for', async () => {
  const { text, files } = await bundleFor('browser', fileURLToPath(new URL('index.ts', import.meta.url)));
  expect(text).not.toMatch(/["'`]node:/);
  expect(text).toContain('a browser opens no paths');
  expect(files).toMatch(/fusion\/src\/index\.ts/);
  expect(files).not.toMatch(/\.node\.ts/);
});
