import { skipsBrowser } from '@crossmodal/test-utils/program-site';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { framesOf, watchFrames } from './frames';
import { PlaygroundSite } from './playground-site';

describe.skipIf(skipsBrowser())('the page is hardened', () => {
  let site: PlaygroundSite;
  beforeAll(async () => {
    site = await PlaygroundSite.start();
  }, 180_000);
  afterAll(() => site?.close());

  it('refuses inline scripts, styles, eval and what is not its own, in the page and in the worker', async () => {
    const { page, context, problems } = await site.open();
    const ran = await page.evaluate(async () => {
      const seen = globalThis as { injected?: string };
      const script = document.createElement('script');
      script.textContent = 'globalThis.injected = "inline script"';
      document.body.append(script);
      const box = document.createElement('div');
      box.innerHTML = '<img src="nowhere.png" onerror="globalThis.injected = \'handler\'">';
      document.body.append(box);
      const elsewhere = document.createElement('script');
      elsewhere.src = 'http://localhost:9/x.js';
      document.body.append(elsewhere);
      await new Promise((resolve) => setTimeout(resolve, 300));
      const failures: string[] = [];
      await fetch('http://localhost:9/').catch(() => failures.push('fetch'));
      try {
        // biome-ignore lint/security/noGlobalEval: it must fail.
        eval('globalThis.injected = "eval"');
      } catch {
        failures.push('eval');
      }
      return { injected: seen.injected, failures };
    });
    expect(ran).toEqual({ injected: undefined, failures: ['fetch', 'eval'] });
    for (const policy of [
      'script-src-elem inline',
      'script-src-attr inline',
      'connect-src',
      'script-src eval',
    ]) {
      await expect.poll(() => problems.join('\n')).toContain(`policy: ${policy}`);
    }
    // The worker has the policy of the answer that it came with.
    const inWorker = await page.workers()[0]!.evaluate(async () => {
      const refused: string[] = [];
      addEventListener('securitypolicyviolation', (event) => {
        refused.push((event as SecurityPolicyViolationEvent).effectiveDirective);
      });
      await fetch('http://localhost:9/').catch(() => {});
      // Away from the debugger's own call, which may do what it likes.
      setTimeout(() => {
        try {
          new Function('return 1')();
        } catch {
          // The violation tells.
        }
      });
      await new Promise((resolve) => setTimeout(resolve, 300));
      return refused;
    });
    expect(inWorker).toEqual(['connect-src', 'script-src']);
    await context.close();
  });

  it('takes a hostile name of a file for text', async () => {
    const { page, context, problems } = await site.open();
    const picture = await sharp({ create: { width: 40, height: 40, channels: 3, background: '#c33' } })
      .png()
      .toBuffer();
    const hostile = '<img src=x onerror="globalThis.injected=1">.png';
    const dialogs: string[] = [];
    page.on('dialog', (dialog) => dialogs.push(dialog.message()));
    await page
      .locator('#panel-search input[data-test=files]')
      .first()
      .setInputFiles([
        { name: hostile, mimeType: 'image/png', buffer: picture },
        { name: '<svg onload=alert(1)>.png', mimeType: 'image/png', buffer: picture },
        { name: '<script>alert(2)</script>.png', mimeType: 'image/png', buffer: Buffer.from('<html>') },
      ]);
    await page.getByText('2 pictures can be searched.').waitFor();
    await page.getByText('1 file was left out').click();
    await page.getByText('<script>alert(2)</script>.png is no picture').waitFor();
    await page.getByLabel('Words', { exact: true }).fill('<b>red</b>');
    const name = page.locator('.grid-name', { hasText: hostile });
    await name.waitFor();
    expect(await name.evaluate((element) => [element.children.length, element.textContent])).toEqual([
      0,
      hostile,
    ]);
    expect(await page.evaluate(() => (globalThis as { injected?: number }).injected)).toBeUndefined();
    expect(dialogs).toEqual([]);
    await context.close();
    expect(problems).toEqual([]);
  });

  it('answers while the worker works', async () => {
    const { page, context } = await site.open();
    await watchFrames(page);
    await page.getByRole('button', { name: 'Use the emoji' }).click();
    await page.getByText('1,652 pictures can be searched.').waitFor({ timeout: 60_000 });
    const { count, text } = await framesOf(page);
    console.log(`main thread while 1,652 pictures are encoded: ${text}`);
    expect(count).toBeGreaterThan(5);
    await context.close();
  }, 90_000);
});
