import { skipsBrowser } from '@crossmodal/test-utils/program-site';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PlaygroundSite, screenshot } from './playground-site';

/** tfjs keeps its engine where all of its copies find it. */
type WithEngine = { _tfengine: { backendInstance: { device: { destroy(): void } } } };

describe.skipIf(skipsBrowser())('a GPU that is lost', () => {
  let site: PlaygroundSite;
  beforeAll(async () => {
    site = await PlaygroundSite.start({ softwareGpu: true });
  }, 180_000);
  afterAll(() => site?.close());

  it('in the middle of work: the page says so, and goes on with a new device', async () => {
    const { page, context, problems } = await site.open({ engine: 'webgpu' });
    await page.getByText('There are no pictures yet.').waitFor();
    await page.getByRole('button', { name: 'Use the emoji' }).click();
    await page.getByRole('progressbar').first().waitFor();
    await page.workers()[0]!.evaluate(() => {
      (globalThis as never as WithEngine)._tfengine.backendInstance.device.destroy();
    });
    const notice = page.getByRole('log').getByText(/The GPU was lost, .* started anew \(webgpu\)/);
    await notice.waitFor({ timeout: 60_000 });
    await page.getByRole('button', { name: 'Engine: WebGPU' }).waitFor();
    // What computed on the old device is told of in its place; what had not yet begun goes on with the new one.
    const told = page.getByRole('alert').getByText('this work was not finished');
    await told.or(page.locator('.grid-name').first()).first().waitFor({ timeout: 150_000 });
    await screenshot(page, 'lost-gpu');
    await context.close();
    expect(problems.filter((problem) => problem.startsWith('policy'))).toEqual([]);
  }, 240_000);
});
