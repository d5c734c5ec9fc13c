import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { skipsBrowser } from '@crossmodal/test-utils/program-site';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenPage, PlaygroundSite, screenshot } from './playground-site';

/** Drawings of one colour and shape each, as files; and files that are none. */
async function pictureFolder(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'pictures-'));
  const shapes: Record<string, string> = {
    'heart.png':
      '<path d="M50 88 C10 55 5 35 20 20 C33 8 46 15 50 28 C54 15 67 8 80 20 C95 35 90 55 50 88Z" fill="#d22"/>',
    'sun.png': '<circle cx="50" cy="50" r="30" fill="#fc2"/>',
    'tree.png':
      '<path d="M50 5 L75 40 L62 40 L85 75 L15 75 L38 40 L25 40Z" fill="#2a7a3a"/><rect x="44" y="75" width="12" height="20" fill="#742"/>',
    '雨.png': '<path d="M50 10 C70 45 80 55 80 68 A30 30 0 0 1 20 68 C20 55 30 45 50 10Z" fill="#39e"/>',
  };
  for (const [name, shape] of Object.entries(shapes)) {
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="300" height="300" viewBox="0 0 100 100">${shape}</svg>`;
    writeFileSync(join(folder, name), await sharp(Buffer.from(svg)).png().toBuffer());
  }
  writeFileSync(join(folder, '<b>notes.png'), 'no picture');
  writeFileSync(join(folder, 'drawing.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  const huge = new Uint8Array(54);
  huge.set([0x42, 0x4d]);
  const view = new DataView(huge.buffer);
  view.setUint32(14, 40, true);
  view.setInt32(18, 60_000, true);
  view.setInt32(22, 60_000, true);
  writeFileSync(join(folder, 'huge.bmp'), huge);
  return folder;
}

describe.skipIf(skipsBrowser())('the search tab', () => {
  let site: PlaygroundSite;
  let folder: string;
  beforeAll(async () => {
    [site, folder] = await Promise.all([PlaygroundSite.start({ camera: true }), pictureFolder()]);
  }, 180_000);
  afterAll(() => site?.close());

  const files = (...some: string[]) => some.map((name) => join(folder, name));
  const add = (open: OpenPage, some: string[]) =>
    open.page.locator('#panel-search .drop input[data-test=files]').setInputFiles(files(...some));

  it('finds files by words in two languages, by a picture and by both; tells which files it leaves out', async () => {
    const open = await site.open();
    const { page } = open;
    await page.getByText('There are no pictures yet.').waitFor();
    await add(open, [
      'heart.png',
      'sun.png',
      '<b>notes.png',
      'tree.png',
      'drawing.svg',
      'huge.bmp',
      '雨.png',
    ]);
    await page.getByText('4 pictures can be searched.').waitFor();
    await page.getByText('in this browser, for the next visit too').waitFor();
    await page.getByText('3 files were left out').click();
    const list = page.locator('.search-refused li');
    expect(await list.allTextContents()).toEqual([
      '<b>notes.png is no picture that this page reads (PNG, JPEG, WebP, GIF, AVIF, BMP).',
      'drawing.svg is an SVG, a drawing that can contain programs. Save it as PNG first.',
      'huge.bmp is 60,000 x 60,000; at most 64 megapixels and 16,384 a side are decoded.',
    ]);
    const words = page.getByLabel('Words', { exact: true });
    for (const [query, best] of [
      ['red heart', 'heart.png'],
      ['tree', 'tree.png'],
      ['水滴', '雨.png'],
    ] as const) {
      await words.fill(query);
      await page.locator(`.search-results .grid-name >> nth=0 >> text="${best}"`).waitFor();
    }
    // By the keyboard: large, and more like it.
    await page.locator('.search-results .grid-button').first().focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: '雨.png' });
    await dialog.getByRole('img', { name: '雨.png' }).waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    await words.fill('');
    await page.getByRole('button', { name: 'More like this: tree.png' }).click();
    await page.getByText('Looking for pictures like tree.png').waitFor();
    await page.locator('.search-results .grid-name >> nth=0 >> text="tree.png"').waitFor();
    expect(await page.locator('.search-results .grid-note').first().textContent()).toBe('1.00');
    // A picture from outside, and then words that count more and more.
    await page.locator('input[data-test=query-picture]').setInputFiles(files('sun.png'));
    await page.locator('.search-results .grid-name >> nth=0 >> text="sun.png"').waitFor();
    await words.fill('red heart');
    const mix = page.getByRole('slider', { name: 'What counts' });
    await mix.fill('0');
    await page.locator('.search-results .grid-name >> nth=0 >> text="heart.png"').waitFor();
    await mix.fill('100');
    await page.locator('.search-results .grid-name >> nth=0 >> text="sun.png"').waitFor();
    await page.locator('input[data-test=query-picture]').setInputFiles(files('drawing.svg'));
    await page.getByRole('alert').getByText('drawing.svg is an SVG').waitFor();
    await open.context.close();
    expect(open.problems).toEqual([]);
  }, 60_000);

  it('searches the emoji within 5 s, and still has them at the next visit', async () => {
    const open = await site.open();
    const { page } = open;
    await page.getByText('There are no pictures yet.').waitFor();
    const start = performance.now();
    await page.getByRole('button', { name: 'Use the emoji' }).click();
    await page.locator('.grid-name').first().waitFor();
    await page.getByLabel('Words', { exact: true }).fill('birthday cake');
    await page.locator('.search-results .grid-note').first().waitFor();
    const first = (performance.now() - start) / 1000;
    await page.getByText('1,652 pictures can be searched.').waitFor({ timeout: 60_000 });
    await page.getByText('for the next visit too').waitFor({ timeout: 60_000 });
    const all = (performance.now() - start) / 1000;
    await page.locator('.search-results .grid-name >> nth=0 >> text=/birthday cake/').waitFor();
    console.log(`search on wasm: first result ${first.toFixed(1)} s, 1652 drawings ${all.toFixed(1)} s`);
    expect(first).toBeLessThan(10); // twice what is promised: tests run beside each other
    await screenshot(page, 'search-emoji');

    const again = await site.open({ context: open.context, language: 'zh', engineTimeout: 0 });
    const reopened = performance.now();
    await again.page.getByText('可以搜索 1,652 张图片。').waitFor();
    console.log(`search: kept pictures are there after ${(performance.now() - reopened).toFixed(0)} ms`);
    await again.page.getByLabel('文字', { exact: true }).fill('生日蛋糕');
    await again.page.locator('.search-results .grid-name >> nth=0 >> text=/生日蛋糕/').waitFor();
    await again.page.getByRole('button', { name: '删除所有图片' }).click();
    await again.page.getByRole('button', { name: '确定删除？' }).click();
    await again.page.getByText('还没有图片。').waitFor();
    await open.context.close();
    expect([...open.problems, ...again.problems]).toEqual([]);
  }, 120_000);

  it('stops, keeps what was taken, and goes on from there', async () => {
    const open = await site.open();
    const { page } = open;
    await page.getByText('There are no pictures yet.').waitFor();
    await page.getByRole('button', { name: 'Use the emoji' }).click();
    await page.locator('.grid-name').first().waitFor();
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('Stopped. What was taken until then can be searched.').waitFor();
    const text = (await page.locator('.search-kept strong').textContent())!;
    const taken = Number(/^([\d,]+) pictures/.exec(text)![1]!.replace(',', ''));
    expect(taken).toBeGreaterThan(0);
    expect(taken).toBeLessThan(1652);
    await page.getByRole('button', { name: 'Use the emoji' }).click();
    const words = page.locator('.search-running .progress-words span').last();
    const done = async () => Number(/^([\d,]+) of/.exec((await words.textContent())!)![1]!.replace(',', ''));
    await expect.poll(done).toBeGreaterThanOrEqual(taken);
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('Stopped.').waitFor();
    await open.context.close();
    expect(open.problems).toEqual([]);
  }, 120_000);

  it('says what the camera sees, until it is told to stop or left', async () => {
    const context = await site.browser.newContext({ permissions: ['camera'] });
    const open = await site.open({ context });
    const { page } = open;
    await page.getByLabel('Words to choose from').fill('green, pac man');
    await page.getByRole('button', { name: 'Start the camera' }).click();
    await page.locator('.camera .bar-value').first().waitFor();
    await page.getByText(/[\d.]+ a second/).waitFor();
    const live = () =>
      page.evaluate(
        () => (document.querySelector('video')!.srcObject as MediaStream | null)?.active ?? false,
      );
    expect(await live()).toBe(true);
    await page.getByLabel('Words to choose from').fill('green');
    await page.getByText('Write at least two words').waitFor();
    await page.getByLabel('Words to choose from').fill('green, pac man, dog');
    await page.locator('.camera .bar >> nth=2').waitFor();
    await screenshot(page, 'search-camera');
    await page.getByRole('tab', { name: 'Train' }).click();
    await page.getByRole('tab', { name: 'Search' }).click();
    await page.getByRole('button', { name: 'Start the camera' }).waitFor();
    expect(await live()).toBe(false);
    await context.close();
    expect(open.problems).toEqual([]);
  }, 60_000);

  it('says why there is no camera', async () => {
    const open = await site.open();
    const { page } = open;
    await page.evaluate(() => {
      navigator.mediaDevices.getUserMedia = async () => {
        throw new DOMException('no', 'NotAllowedError');
      };
    });
    await page.getByRole('button', { name: 'Start the camera' }).click();
    await page.getByRole('alert').getByText('The camera was not allowed.').waitFor();
    await open.context.close();
    expect(open.problems).toEqual([]);
  }, 60_000);
});

describe.skipIf(skipsBrowser())('the search tab with a GPU in software', () => {
  it('finds files by words', async () => {
    const site = await PlaygroundSite.start({ softwareGpu: true });
    try {
      const folder = await pictureFolder();
      const { page, problems } = await site.open({ engine: 'webgpu' });
      const files = ['heart.png', 'sun.png', 'tree.png', '雨.png'].map((name) => join(folder, name));
      await page.locator('#panel-search .drop input[data-test=files]').setInputFiles(files);
      await page.getByText('4 pictures can be searched.').waitFor({ timeout: 120_000 });
      for (const [query, best] of [
        ['red heart', 'heart.png'],
        ['tree', 'tree.png'],
      ] as const) {
        await page.getByLabel('Words', { exact: true }).fill(query);
        await page.locator(`.search-results .grid-name >> nth=0 >> text="${best}"`).waitFor();
      }
      expect(problems).toEqual([]);
    } finally {
      await site.close();
    }
  }, 180_000);
});
