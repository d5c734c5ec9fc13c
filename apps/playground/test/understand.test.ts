import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { skipsBrowser } from '@crossmodal/test-utils/program-site';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenPage, PlaygroundSite, screenshot } from './playground-site';

describe.skipIf(skipsBrowser())('the understand tab', () => {
  let site: PlaygroundSite;
  let picture: string;
  beforeAll(async () => {
    site = await PlaygroundSite.start();
    const folder = mkdtempSync(join(tmpdir(), 'picture-'));
    picture = join(folder, 'circle.png');
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="200"><circle cx="100" cy="100" r="90" fill="#36c"/></svg>';
    writeFileSync(picture, await sharp(Buffer.from(svg)).png().toBuffer());
    writeFileSync(join(folder, 'none.png'), 'none');
  }, 180_000);
  afterAll(() => site?.close());

  const closed = async (open: OpenPage) => {
    await open.context.close();
    expect(open.problems).toEqual([]);
  };
  const section = ({ page }: OpenPage, name: string) => page.getByRole('radio', { name }).check();

  it('compares pictures with captions, of which the user can choose others', async () => {
    const open = await site.open({ tab: 'understand' });
    const { page } = open;
    page.on('filechooser', () => {}); // from here on they are told of
    const cells = page.locator('.heat');
    await page.getByText(/Right for \d of 8 pictures/).waitFor();
    expect(await cells.count()).toBe(64);
    const values = async () => (await cells.allTextContents()).map(Number);
    const cosines = await values();
    for (const value of cosines) expect(Math.abs(value)).toBeLessThanOrEqual(1);
    // The heart and "red heart" are the likest of the heart's captions.
    const ofHeart = cosines.filter((_, i) => i % 8 === 0);
    expect(ofHeart[0]).toBe(Math.max(...ofHeart));
    await screenshot(page, 'understand-matrix');
    await page.getByLabel('Show').selectOption('rows');
    const shares = await values();
    for (let p = 0; p < 8; p++) {
      const total = shares.filter((_, i) => i % 8 === p).reduce((a, b) => a + b);
      expect(Math.abs(total - 100)).toBeLessThanOrEqual(4); // rounded
    }
    // By the keyboard: another caption, after which the heart is another's.
    await page.getByLabel('Caption 1').fill('soccer ball');
    await page.getByLabel('Caption 6').fill('red heart');
    await page.locator('.matrix tbody tr >> nth=5 >> td >> nth=0 >> text=/9\\d|100/').waitFor();
    await page.getByRole('button', { name: 'red heart: choose another picture' }).focus();
    const chooser = page.waitForEvent('filechooser');
    await page.keyboard.press('Enter');
    await (await chooser).setFiles(picture);
    await page.getByRole('button', { name: 'circle.png: choose another picture' }).waitFor();
    await page.getByRole('button', { name: 'Start over' }).click();
    await page.getByRole('button', { name: 'red heart: choose another picture' }).waitFor();
    await closed(open);
  }, 60_000);

  it('shows which places speak for words, which add up to the cosine', async () => {
    const open = await site.open({ tab: 'understand' });
    const { page } = open;
    await section(open, 'Where it looks');
    const note = page.getByText(/The places add up to the cosine/);
    await note.waitFor();
    const [sum, score] = /: (-?[\d.]+) of (-?[\d.]+)\./
      .exec((await note.textContent())!)!
      .slice(1)
      .map(Number);
    expect(sum).toBeCloseTo(score!, 2);
    expect(score).toBeGreaterThan(0.5);
    const places = page.locator('.numbers td').filter({ hasText: /\d/ });
    expect(await places.count()).toBe(16);
    await screenshot(page, 'understand-look');
    await page.getByLabel('Places', { exact: true }).selectOption('finer');
    await page.getByText('8 x 8 places').waitFor();
    await page.getByLabel('Method').selectOption('gradCAM');
    await page.getByText(/Selvaraju et al\. 2017/).waitFor();
    await page.getByLabel('Rather than').fill('black heart, soccer ball');
    await page.locator('#panel-understand input[data-test=own-picture]').setInputFiles(picture);
    await page.getByRole('button', { name: 'circle.png' }).waitFor();
    await closed(open);
  }, 60_000);

  it('shows a picture as codes, the nearest of each, and what another code would draw', async () => {
    const open = await site.open({ tab: 'understand' });
    const { page } = open;
    await section(open, 'Codes');
    const cells = page.getByRole('gridcell');
    await cells.first().waitFor();
    expect(await cells.count()).toBeGreaterThanOrEqual(64);
    await cells.first().focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('End');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowDown');
    const columns = Math.sqrt(await cells.count());
    const name = await page.locator('.codes-name').textContent();
    expect(name).toMatch(new RegExp(`^Row 3, column ${columns - 1}: code \\d+$`));
    const id = /\d+$/.exec(name!)![0];
    await page.getByRole('button', { name: `${id} 0.00 put this code there` }).waitFor();
    const near = page.locator('.near-code');
    expect(await near.count()).toBe(9);
    await screenshot(page, 'understand-codes');
    const put = await near.nth(3).locator('span').first().textContent();
    await near.nth(3).click();
    await page.getByText(`Row 3, column ${columns - 1}: code ${put}`).waitFor();
    await page.getByRole('button', { name: 'Undo the changes' }).click();
    await page.getByText(name!).waitFor();
    await closed(open);
  }, 60_000);

  it('says what a sentence and a picture feel like, and what that rests on', async () => {
    const open = await site.open({ tab: 'understand' });
    const { page } = open;
    await section(open, 'Feelings');
    const best = page.getByRole('list', { name: 'Feeling' }).locator('.bar-best .bar-name');
    await page.getByLabel('Sentence (English)').fill('this is wonderful');
    await best.getByText('positive').waitFor();
    await page.locator('.felt-word').getByText('wonderful').waitFor();
    const change = async (word: string) =>
      Number(
        (await page.locator('.felt-word', { hasText: word }).locator('.felt-value').textContent())!.replace(
          '−',
          '-',
        ),
      );
    expect(await change('wonderful')).toBeGreaterThan(10);
    await page.getByLabel('Sentence (English)').fill('this is horrible');
    await best.getByText('negative').waitFor();
    await page.getByRole('button', { name: 'loudly crying face' }).click();
    const parts = page.getByRole('list', { name: 'What it rests on' });
    await parts.getByText('picture').waitFor();
    await screenshot(page, 'understand-feel');
    await page.getByLabel('Sentence (English)').fill('');
    await page.locator('.felt-word').first().waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'No picture' }).click();
    await page.getByText('Write a sentence, or choose a picture.').waitFor();
    await closed(open);
  }, 60_000);
});

describe.skipIf(skipsBrowser())('the understand tab with a GPU in software', () => {
  it('shows which places speak for words', async () => {
    const site = await PlaygroundSite.start({ softwareGpu: true });
    try {
      const { page, problems } = await site.open({ tab: 'understand', engine: 'webgpu' });
      await page.getByRole('radio', { name: 'Where it looks' }).check();
      const note = page.getByText(/The places add up to the cosine/);
      await note.waitFor({ timeout: 120_000 });
      const [sum, score] = /: (-?[\d.]+) of (-?[\d.]+)\./
        .exec((await note.textContent())!)!
        .slice(1)
        .map(Number);
      expect(sum).toBeCloseTo(score!, 2);
      expect(score).toBeGreaterThan(0.5);
      expect(problems).toEqual([]);
    } finally {
      await site.close();
    }
  }, 180_000);
});
