import { skipsBrowser } from '@crossmodal/test-utils/program-site';
import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PlaygroundSite, screenshot } from './playground-site';

describe.skipIf(skipsBrowser())('drawing', () => {
  let site: PlaygroundSite;
  beforeAll(async () => {
    site = await PlaygroundSite.start();
  }, 120_000);
  afterAll(() => site?.close());

  const write = (page: Page, words: string) => page.getByLabel('What to draw').fill(words);
  const setSlider = (page: Page, name: string, value: number) =>
    page.getByLabel(name, { exact: true }).fill(String(value));
  const pictures = (page: Page) => page.locator('canvas[role=img]');
  /** The pixels of each picture. */
  const pixels = (page: Page) =>
    pictures(page).evaluateAll((all) =>
      all.map((canvas) => {
        const { width, height } = canvas as HTMLCanvasElement;
        const context = (canvas as HTMLCanvasElement).getContext('2d')!;
        return [...context.getImageData(0, 0, width, height).data].join();
      }),
    );

  it('shows which words and which squares before it a square looked at', async () => {
    const { page, problems, context } = await site.open({ tab: 'draw' });
    await setSlider(page, 'Pictures', 2);
    await write(page, 'yellow face with tears');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'What it looked at: picture 1' }).click({ timeout: 60_000 });
    const words = page.getByRole('list', { name: 'Of that, by word' });
    await words.waitFor();
    expect(await words.locator('.bar-name').allTextContents()).toEqual(['yellow', 'face', 'with', 'tears']);
    const bars = page.getByRole('list', { name: 'Where its attention went' });
    const shares = async () => (await bars.locator('.bar-value').allTextContents()).map(Number.parseFloat);
    const total = (await shares()).reduce((a, b) => a + b);
    expect(Math.abs(total - 100)).toBeLessThanOrEqual(3); // rounded
    await screenshot(page, 'draw-attention');

    // By the keyboard: the first square, which has none before it.
    const cells = page.getByRole('gridcell');
    expect(await cells.count()).toBe(100);
    await page.locator('[role=gridcell][tabindex="0"]').focus();
    await page.keyboard.press('Control+Home');
    await page.getByText(/^Row 1, column 1: .* 0 % to squares before it\.$/).waitFor();
    expect((await shares())[1]).toBe(0);
    await page.keyboard.press('Control+End');
    await page.getByText(/^Row 10, column 10: /).waitFor();
    const mean = await shares();
    expect(mean[1]).toBeGreaterThan(0);
    const layers = page.getByLabel('Layer');
    expect(await layers.locator('option').count()).toBe(7);
    await layers.selectOption('0');
    await expect.poll(shares).not.toEqual(mean);
    await page.getByRole('button', { name: 'What it looked at: picture 2' }).click();
    await page.getByRole('heading', { name: 'What picture 2 looked at' }).waitFor();
    await write(page, 'red heart');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'What picture 2 looked at' }).waitFor({ state: 'detached' });
    await context.close();
    expect(problems).toEqual([]);
  }, 120_000);

  it('grows pictures row by row, ranks them, and draws the same again from the same seed', async () => {
    const { page, problems, context } = await site.open({ tab: 'draw' });
    await setSlider(page, 'Pictures', 3);
    await write(page, 'red heart');
    await page.keyboard.press('Enter');
    const rows = page.getByRole('progressbar', { name: 'Drawing' });
    await rows.waitFor();
    expect(await rows.getAttribute('aria-valuemax')).toBe('10');
    expect(await pictures(page).count()).toBe(3);
    const half = (await pixels(page))[0]!;
    await page.getByRole('status').getByText('3 pictures of “red heart”').waitFor({ timeout: 60_000 });
    const first = await pixels(page);
    expect(new Set(first).size).toBe(3);
    expect(first).not.toContain(half);
    const scores = await page.getByText(/^similarity /).allTextContents();
    const values = scores.map((score) => Number(score.replace('similarity ', '')));
    expect(values).toEqual([...values].sort((a, b) => b - a));
    expect(await page.getByText('Best match', { exact: true }).count()).toBe(1);
    await screenshot(page, 'draw');

    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save as PNG: picture 1' }).click(),
    ]);
    expect(file.suggestedFilename()).toBe('red-heart-1.png');

    await page.getByRole('button', { name: 'Draw', exact: true }).click();
    await rows.waitFor();
    await page.getByRole('status').getByText('3 pictures of “red heart”').waitFor({ timeout: 60_000 });
    expect(await pixels(page)).toEqual(first);
    await page.getByRole('button', { name: 'Draw others' }).click();
    await rows.waitFor();
    await page.getByRole('status').getByText('3 pictures of “red heart”').waitFor({ timeout: 60_000 });
    expect(new Set([...(await pixels(page)), ...first]).size).toBe(6);
    expect(problems).toEqual([]);
    await context.close();
  }, 120_000);

  it('stops when asked, and says what is wrong with what it is given', async () => {
    const { page, problems, context } = await site.open({ tab: 'draw' });
    await page.getByRole('button', { name: 'Draw', exact: true }).click();
    await page.getByText('Write what to draw first.').waitFor();
    await page.getByLabel('Seed').fill('-1');
    await page.getByText('A whole number from 0').waitFor();
    await page.getByLabel('Seed').fill('7');
    await write(page, '<img src=x onerror=alert(1)>');
    await page.getByRole('button', { name: 'Draw', exact: true }).click();
    await page.getByRole('progressbar', { name: 'Drawing' }).waitFor({ timeout: 60_000 });
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('status').getByText('Stopped.').waitFor();
    expect(await page.locator('#panel-draw img').count()).toBe(0);
    await page.getByRole('button', { name: 'red heart' }).click();
    await page.getByRole('status').getByText('“red heart”').waitFor({ timeout: 60_000 });
    expect(await pictures(page).count()).toBe(8);
    await screenshot(page, 'draw-eight');
    expect(problems).toEqual([]);
    await context.close();
  }, 120_000);

  it('speaks Chinese', async () => {
    const { page, context } = await site.open({ tab: 'draw', language: 'zh', theme: 'dark' });
    await page.setViewportSize({ width: 390, height: 844 });
    await page.getByRole('button', { name: 'red heart' }).click();
    await page.getByRole('status').getByText('8 张“red heart”').waitFor({ timeout: 60_000 });
    await screenshot(page, 'draw-zh');
    await context.close();
  }, 90_000);
});

describe.skipIf(skipsBrowser())('drawing with a GPU in software', () => {
  it('draws a picture', async () => {
    const site = await PlaygroundSite.start({ softwareGpu: true });
    try {
      const { page, problems } = await site.open({ tab: 'draw', engine: 'webgpu' });
      await page.getByLabel('Pictures', { exact: true }).fill('1');
      await page.getByRole('button', { name: 'green apple' }).click();
      await page.getByRole('status').getByText('1 picture of “green apple”').waitFor({ timeout: 300_000 });
      await screenshot(page, 'draw-webgpu');
      expect(problems).toEqual([]);
    } finally {
      await site.close();
    }
  }, 360_000); // compiling for a GPU in software is most of it
});
