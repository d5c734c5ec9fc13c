import { skipsBrowser } from '@crossmodal/test-utils/program-site';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenPage, PlaygroundSite, screenshot } from './playground-site';

describe.skipIf(skipsBrowser())('the shell', () => {
  let site: PlaygroundSite;
  beforeAll(async () => {
    site = await PlaygroundSite.start();
  }, 120_000);
  afterAll(() => site?.close());
  const closed = async (open: OpenPage) => {
    await open.context.close();
    expect(open.problems).toEqual([]);
  };

  it('loads without an error or a violation of its policy, and computes with WebAssembly', async () => {
    const open = await site.open();
    const { page } = open;
    expect(await page.title()).toBe('crossmodal playground');
    const policy = page.locator('meta[http-equiv="Content-Security-Policy"]');
    expect(await policy.getAttribute('content')).toMatch(
      /^default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self';/,
    );
    await page.getByRole('button', { name: 'Engine: WebAssembly' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('the CPU, by WebAssembly.').waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    await screenshot(page, 'shell');
    await closed(open);
  });

  it('moves between tabs by the keyboard, and keeps the tab in the address', async () => {
    const open = await site.open();
    const { page } = open;
    await page.getByRole('tab', { name: 'Search' }).focus();
    const now = async () => [
      await page.getByRole('tab', { selected: true }).textContent(),
      await page.evaluate(() => document.activeElement?.textContent),
      new URL(page.url()).hash,
      await page.getByRole('tabpanel').count(),
    ];
    await page.keyboard.press('ArrowRight');
    expect(await now()).toEqual(['Train', 'Train', '#train', 1]);
    await page.keyboard.press('End');
    expect(await now()).toEqual(['Understand', 'Understand', '#understand', 1]);
    await page.keyboard.press('ArrowRight');
    expect(await now()).toEqual(['Search', 'Search', '#search', 1]);
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Home');
    expect(await now()).toEqual(['Search', 'Search', '#search', 1]);
    await page.evaluate(() => {
      location.hash = '#draw';
    });
    await page.getByRole('tab', { name: 'Draw', selected: true }).waitFor();
    await closed(open);
  });

  it('speaks two languages and has two themes, and remembers what was chosen', async () => {
    const context = await site.browser.newContext({ colorScheme: 'light', locale: 'en-GB' });
    const page = await context.newPage();
    await page.goto(site.address);
    const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const light = await background();
    await page.getByLabel('Language').selectOption('zh');
    await page.getByRole('tab', { name: '搜索' }).waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe('zh-Hans');
    expect(await page.title()).toBe('crossmodal 游乐场');
    await page.getByLabel('主题').selectOption('dark');
    const dark = await background();
    expect(dark).not.toBe(light);
    await page.reload();
    await page.getByRole('tab', { name: '搜索' }).waitFor();
    expect(await background()).toBe(dark);
    await context.close();
  });

  it('says why it computes on the CPU where a GPU was wanted', async () => {
    const open = await site.open({ engine: 'auto' });
    await open.page.getByRole('log').getByText('Computing on the CPU').waitFor();
    expect(await open.page.getByRole('button', { name: /^Engine: WebAssembly/ }).count()).toBe(1);
    await open.page.getByRole('button', { name: 'Dismiss this notice' }).click();
    expect(await open.page.getByRole('log').textContent()).toBe('');
    await closed(open);
  });
});

describe.skipIf(skipsBrowser())('the shell with a GPU in software', () => {
  it('computes by WebGPU', async () => {
    const site = await PlaygroundSite.start({ softwareGpu: true });
    try {
      const { page, problems } = await site.open({ engine: 'webgpu' });
      await page.getByRole('button', { name: 'Engine: WebGPU' }).click();
      await page
        .getByRole('dialog')
        .getByText(/swiftshader/i)
        .first()
        .waitFor();
      await page.getByRole('dialog').getByText('subgroups').waitFor();
      expect(problems).toEqual([]);
    } finally {
      await site.close();
    }
  }, 120_000);
});
