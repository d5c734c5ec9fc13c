import { skipsBrowser } from '@crossmodal/test-utils/program-site';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PlaygroundSite } from './playground-site';

describe.skipIf(skipsBrowser())('without a network', () => {
  let site: PlaygroundSite;
  beforeAll(async () => {
    site = await PlaygroundSite.start();
  }, 180_000);
  afterAll(() => site?.close());

  it('the page loads and searches, once it was loaded with one', async () => {
    const { page, context } = await site.open();
    await page.evaluate(() => navigator.serviceWorker.ready); // all files are kept
    site.stopServer();
    await context.setOffline(true);
    const problems: string[] = [];
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
    page.on('pageerror', (error) => problems.push(String(error)));
    await page.reload();
    await page.getByRole('button', { name: 'Engine: WebAssembly' }).waitFor({ timeout: 30_000 });
    await page.getByRole('button', { name: 'Use the emoji' }).click();
    await page.getByLabel('Words', { exact: true }).fill('red heart');
    await page.getByText('1,652 pictures can be searched.').waitFor({ timeout: 60_000 });
    await page.locator('.search-results .grid-name >> nth=0 >> text=/heart/').waitFor();
    for (const tab of ['train', 'draw', 'understand']) {
      await page.locator(`#tab-${tab}`).click();
      await page.locator(`#panel-${tab} h2`).first().waitFor();
    }
    await page.getByRole('button', { name: 'Licences' }).click();
    await page.getByRole('dialog').getByText('tfjs-backend-webgpu').first().waitFor();
    expect(problems).toEqual([]);
  }, 120_000);
});
