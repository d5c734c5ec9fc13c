import { fileURLToPath } from 'node:url';
import { bundleFor } from '@crossmodal/test-utils/bundle-for';
import { expect, it } from 'vitest';

it('a bundle for browsers holds nothing of Node', async () => {
  const index = fileURLToPath(new URL('index.browser.ts', import.meta.url));
  const { text, files } = await bundleFor('browser', index);
  expect(text).not.toMatch(/["'`]node:/);
  expect(files).not.toMatch(/data\/src\/(sources|files|net)\/|tar-stream|csv-parse/);
});
