import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import '@crossmodal/backend-onnx';
import { encodeImages, encodeTexts, loadCLIP } from '@crossmodal/clip';
import {
  bytesSource,
  hostTensorFromValues,
  type StateDict,
  serializeSafetensors,
  useBackend,
} from '@crossmodal/core';
import { filesInMemory } from '@crossmodal/hub';
import { skipsBrowser } from '@crossmodal/test-utils/program-site';
import type { Page } from 'playwright';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { zipEntries } from '../../../packages/hub/src/formats/zip-entries';
import { type OpenPage, PlaygroundSite, screenshot } from './playground-site';

const panel = (page: Page) => page.locator('#panel-train');
const button = (page: Page, name: string) => panel(page).getByRole('button', { name, exact: true });
const status = (page: Page, text: RegExp) =>
  panel(page).locator('[data-test=train-status]').filter({ hasText: text });

async function setNumbers(page: Page, numbers: Record<string, number>): Promise<void> {
  const advanced = panel(page).locator('.train-advanced');
  if (!(await advanced.evaluate((details: HTMLDetailsElement) => details.open)))
    await advanced.locator('summary').click();
  for (const [label, value] of Object.entries(numbers))
    await panel(page).getByLabel(label).fill(String(value));
}

const COLOURS = ['red', 'green', 'blue', 'yellow', 'black', 'orange', 'purple', 'brown'];
const square = async (background: string) =>
  sharp({ create: { width: 24, height: 24, channels: 3, background } })
    .png()
    .toBuffer();
const file = (name: string, buffer: Buffer, mimeType = 'image/png') => ({ name, mimeType, buffer });
const squares = () => Promise.all(COLOURS.map(async (colour) => file(`${colour}.png`, await square(colour))));
const give = (page: Page, files: ReturnType<typeof file>[]) =>
  page.locator('#panel-train input[data-test=files]').setInputFiles(files);

const stepNow = async (page: Page) =>
  Number(await panel(page).getByRole('progressbar').first().getAttribute('aria-valuenow'));

/** The files of the model that the page gives. */
async function download(page: Page): Promise<Record<string, Uint8Array>> {
  const [saved] = await Promise.all([
    page.waitForEvent('download'),
    button(page, 'Download the model').click(),
  ]);
  const zip = await readFile(await saved.path());
  const files: Record<string, Uint8Array> = {};
  for (const [name, entry] of await zipEntries(bytesSource(new Uint8Array(zip), 'model.zip')))
    files[name] = await entry.read(0, entry.size);
  return files;
}

/** With PLAYGROUND_MODEL=folder: what open-trained-model.py takes. */
async function keepForPython(files: Record<string, Uint8Array>, expected: StateDict): Promise<void> {
  const folder = process.env['PLAYGROUND_MODEL'];
  if (!folder) return;
  await mkdir(join(folder, 'model'), { recursive: true });
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, 'model', name), bytes);
  await writeFile(join(folder, 'expected.safetensors'), serializeSafetensors(expected));
}

describe.skipIf(skipsBrowser())('training in the page', () => {
  let site: PlaygroundSite;
  beforeAll(async () => {
    site = await PlaygroundSite.start();
    await useBackend('onnx');
  }, 180_000);
  afterAll(() => site?.close());
  const closed = async (open: OpenPage) => {
    await open.context.close();
    expect(open.problems).toEqual([]);
  };

  it('trains on emoji, pauses, survives a reload, finishes, and gives a model that opens elsewhere', async () => {
    const context = await site.browser.newContext();
    const first = await site.open({ tab: 'train', context });
    await setNumbers(first.page, { Steps: 40, 'Pictures a step': 8 });
    await screenshot(first.page, 'train-new');
    await button(first.page, 'Start training').click();
    await expect.poll(() => stepNow(first.page), { timeout: 60_000 }).toBeGreaterThan(2);
    await panel(first.page)
      .getByText(/^recall@1, %: /)
      .waitFor();
    await button(first.page, 'Pause').click();
    await status(first.page, /^Paused at step/).waitFor();
    const paused = await stepNow(first.page);
    expect(paused).toBeLessThan(40);
    await first.page.close();

    const open = await site.open({ tab: 'train', context });
    const { page } = open;
    await panel(page).getByText(`A run from an earlier visit is here, at step ${paused} of 40.`).waitFor();
    await button(page, 'Continue').click();
    const tensors = new Set<number>();
    await expect
      .poll(
        async () => {
          const [memory = ''] = await page.locator('[data-test=train-memory]').allTextContents();
          const count = /^(\d+) tensors/.exec(memory)?.[1];
          if (count) tensors.add(Number(count));
          return stepNow(page);
        },
        { timeout: 60_000 },
      )
      .toBe(40);
    // At the end of an epoch there is no batch (of three tensors) ahead.
    expect(Math.max(...tensors) - Math.min(...tensors)).toBeLessThanOrEqual(3);
    await status(page, /^Finished after 40 steps/).waitFor();
    await panel(page)
      .getByText(/^Loss: \d/)
      .waitFor();
    expect(await panel(page).locator('.example ol li').count()).toBe(18);
    await screenshot(page, 'train-finished');

    const files = await download(page);
    expect(Object.keys(files).sort()).toEqual([
      'README.md',
      'config.json',
      'model.safetensors',
      'preprocessor_config.json',
      'tokenizer.json',
      'tokenizer_config.json',
    ]);
    const { clip, tokenizer, imageProcessor } = await loadCLIP(filesInMemory(files));
    const texts = ['a RED apple!', 'grinning face, smile', '红苹果', '', 'one, two -- three'];
    const features = await encodeTexts(clip, tokenizer, [...texts, 'a red apple']);
    const row = (i: number) => features.slice(i * 128, (i + 1) * 128);
    expect(row(0)).toEqual(row(5));
    expect(Math.hypot(...row(0))).toBeCloseTo(1, 4);
    const noise = Uint8Array.from({ length: 32 * 32 * 3 }, (_, i) => (i * i) % 256);
    const pixels = await imageProcessor.process([{ data: noise, width: 32, height: 32, channels: 3 }]);
    const images = await encodeImages(clip, imageProcessor, [
      { data: noise, width: 32, height: 32, channels: 3 },
    ]);
    expect(Math.hypot(...images)).toBeCloseTo(1, 4);
    await keepForPython(files, {
      pixel_values: hostTensorFromValues(pixels.data, pixels.shape, 'F32'),
      image_features: hostTensorFromValues(images, [1, 128], 'F32'),
      text_features: hostTensorFromValues(features.slice(0, texts.length * 128), [texts.length, 128], 'F32'),
    });
    clip.dispose();

    await button(page, 'Delete the run').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
    await button(page, 'Start training').waitFor();
    expect(first.problems).toEqual([]);
    await closed(open);
  }, 120_000);

  it('takes the pictures and captions of the user as text, marks what is wrong, and trains on the rest', async () => {
    const open = await site.open({ tab: 'train' });
    const { page } = open;
    await panel(page).getByLabel('Your own pictures').check();
    expect(await button(page, 'Start training').isDisabled()).toBe(true);
    const hostile = '<img src=x onerror="window.hacked=1">';
    const endless = 'x'.repeat(10 * 2 ** 20);
    const table = `file,caption\nred.png,"=HYPERLINK(""x"")"\ngreen.png,"${hostile.replaceAll('"', '""')}"\nblue.png,${endless}\n`;
    await give(page, [
      ...(await squares()),
      file(`${hostile}.png`, await square('white')),
      file('IMG_0001.png', await square('pink')),
      file('broken.png', Buffer.from('no picture')),
      file('captions.csv', Buffer.from(table), 'text/csv'),
    ]);
    await panel(page).getByText('9 pairs ready · 2 with a problem are left out').waitFor();
    const caption = (name: string) => panel(page).getByLabel(`Caption of ${name}`);
    expect(await caption('red.png').inputValue()).toBe('=HYPERLINK("x")');
    expect(await caption('green.png').inputValue()).toBe(hostile);
    expect((await caption('blue.png').inputValue()).length).toBe(500);
    expect(await caption(`${hostile}.png`).inputValue()).toBe(hostile.replace('.', ' '));
    await panel(page).getByText('broken.png is no picture').waitFor();
    await caption('IMG_0001.png').fill('pink');
    await panel(page).getByText('10 pairs ready · 1 with a problem is left out').waitFor();
    await screenshot(page, 'train-own');
    await setNumbers(page, { Steps: 4, 'Pictures a step': 4 });
    await button(page, 'Start training').click();
    await status(page, /^Finished after 4 steps/).waitFor({ timeout: 60_000 });
    await panel(page).getByText('the page’s model, fine-tuned').waitFor();
    expect(Object.keys(await download(page)).sort()).toEqual([
      'README.md',
      'config.json',
      'model.safetensors',
      'preprocessor_config.json',
      'tokenizer.json',
    ]);
    expect(await page.evaluate(() => 'hacked' in window)).toBe(false);
    await closed(open);
  }, 90_000);

  it('says of files that are damaged, gone or too few what is wrong, and keeps what it was given', async () => {
    const open = await site.open({ tab: 'train' });
    const { page } = open;
    await page.evaluate(() => {
      const { text } = Blob.prototype;
      Blob.prototype.text = function (this: File) {
        if (this.name === 'gone.csv') return Promise.reject(new DOMException('', 'NotFoundError'));
        return text.call(this);
      };
    });
    await panel(page).getByLabel('Your own pictures').check();
    const all = await squares();
    const junk = Buffer.from(Array.from({ length: 4000 }, (_, i) => (i * i * 31) % 256));
    await give(page, [
      file('gone.csv', Buffer.from('file,caption\n'), 'text/csv'),
      file('junk.jsonl', junk, 'application/json'),
      file('empty.csv', Buffer.from(''), 'text/csv'),
      file('broken.zip', Buffer.from('PK\x03\x04'), 'application/zip'),
      ...all.slice(0, 2),
    ]);
    for (const message of [
      'gone.csv cannot be read',
      'junk.jsonl holds no captions',
      'empty.csv holds no captions',
      'broken.zip is no picture',
      '2 pairs ready · 1 with a problem is left out',
    ])
      await panel(page).getByText(message).waitFor();
    await button(page, 'Start training').click();
    const tooLittle = panel(page).getByText('Too little to learn from (pairs: 2, different captions: 2)');
    await tooLittle.waitFor();
    expect(await tooLittle.evaluate((element) => element.getBoundingClientRect().top)).toBeGreaterThanOrEqual(
      0,
    );
    await give(page, all.slice(2));
    await panel(page).getByText('8 pairs ready · 1 with a problem is left out').waitFor();
    for (const colour of COLOURS.slice(1))
      await panel(page).getByLabel(`Caption of ${colour}.png`).fill('red');
    await button(page, 'Start training').click();
    await panel(page).getByText('Too little to learn from (pairs: 8, different captions: 1)').waitFor();
    expect(await panel(page).getByLabel('Caption of blue.png').inputValue()).toBe('red');
    await closed(open);
  }, 60_000);

  it('keeps the run when the page is closed in the middle, and when there is no room for its checkpoint', async () => {
    const context = await site.browser.newContext();
    const first = await site.open({ tab: 'train', context });
    const full = panel(first.page).getByText('There is no room left in this browser');
    const room = async (page: Page, quotaSize?: number) => {
      const session = await context.newCDPSession(page);
      const { origin } = new URL(site.address);
      await session.send('Storage.overrideQuotaForOrigin', { origin, ...(quotaSize && { quotaSize }) });
    };
    await panel(first.page).getByLabel('Your own pictures').check();
    await give(first.page, await squares());
    await panel(first.page).getByText('8 pairs ready').waitFor();
    await setNumbers(first.page, { Steps: 5000, 'Pictures a step': 4 });
    await room(first.page, 1000);
    await button(first.page, 'Start training').click();
    await full.waitFor();
    await panel(first.page).getByText('8 pairs ready').waitFor();
    await room(first.page);
    await button(first.page, 'Start training').click();
    await expect.poll(() => stepNow(first.page), { timeout: 30_000 }).toBeGreaterThan(2);
    await first.page.close();

    const open = await site.open({ tab: 'train', context });
    const { page } = open;
    await panel(page)
      .getByText(/A run from an earlier visit is here, at step \d+ of 5,?000/)
      .waitFor();
    await button(page, 'Continue').click();
    await expect.poll(() => stepNow(page), { timeout: 30_000 }).toBeGreaterThan(2);
    await button(page, 'Pause').click();
    await status(page, /^Paused at step/).waitFor();
    const paused = await stepNow(page);
    await room(page, 1000);
    await button(page, 'Continue').click();
    await expect.poll(() => stepNow(page), { timeout: 30_000 }).toBeGreaterThan(paused + 2);
    await button(page, 'Pause').click();
    await panel(page).getByText('There is no room left in this browser').waitFor();
    await status(page, new RegExp(`^Paused at step ${paused}$`)).waitFor();
    await room(page);
    await button(page, 'Continue').click();
    await expect.poll(() => stepNow(page), { timeout: 30_000 }).toBeGreaterThan(paused + 2);
    await button(page, 'Pause').click();
    await status(page, /^Paused at step/).waitFor();
    expect(await stepNow(page)).toBeGreaterThan(paused + 2);
    expect(first.problems).toEqual([]);
    await closed(open);
  }, 120_000);
});

describe.skipIf(skipsBrowser())('training in the page with a GPU in software', () => {
  it('goes on from its checkpoint, on a device that starts anew, when the GPU is lost', async () => {
    const site = await PlaygroundSite.start({ softwareGpu: true });
    try {
      const { page } = await site.open({ tab: 'train', engine: 'webgpu' });
      await panel(page).getByLabel('Your own pictures').check();
      await give(page, await squares());
      await panel(page).getByText('8 pairs ready').waitFor();
      await setNumbers(page, { Steps: 6, 'Pictures a step': 2 });
      await button(page, 'Start training').click();
      await expect.poll(() => stepNow(page), { timeout: 120_000 }).toBeGreaterThan(0);
      await button(page, 'Pause').click();
      await status(page, /^Paused at step/).waitFor({ timeout: 60_000 });
      const paused = await stepNow(page);
      await page.workers()[0]!.evaluate(() => {
        const { createCommandEncoder } = GPUDevice.prototype;
        let left = 6;
        GPUDevice.prototype.createCommandEncoder = function (this: GPUDevice, ...args) {
          if (--left === 0) this.destroy();
          return createCommandEncoder.apply(this, args);
        };
      });
      await button(page, 'Continue').click();
      await panel(page)
        .getByText(new RegExp(`^The GPU was lost.*training went on from step ${paused}\\.`))
        .waitFor({ timeout: 60_000 });
      await status(page, /^Finished after 6 steps/).waitFor({ timeout: 120_000 });
    } finally {
      await site.close();
    }
  }, 400_000);
});
