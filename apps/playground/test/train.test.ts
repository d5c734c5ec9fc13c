import { readFile } from 'node:fs/promises';
import '@crossmodal/backend-onnx';
import { encodeTexts, loadCLIP } from '@crossmodal/clip';
import { bytesSource, useBackend } from '@crossmodal/core';
import { filesInMemory } from '@crossmodal/hub';
import { skipsBrowser } from '@crossmodal/test-utils/program-site';
import type { Page } from 'playwright';
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
    const tensors = new Set<string>();
    await expect
      .poll(
        async () => {
          const memory = page.locator('[data-test=train-memory]');
          if (await memory.count())
            tensors.add((await memory.textContent({ timeout: 1000 }).catch(() => '')) ?? '');
          return stepNow(page);
        },
        { timeout: 60_000 },
      )
      .toBe(40);
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
    const { clip, tokenizer } = await loadCLIP(filesInMemory(files));
    const [apple] = [await encodeTexts(clip, tokenizer, ['a RED apple!', 'a red apple'])];
    expect(apple!.slice(0, 128)).toEqual(apple!.slice(128));
    expect(Math.hypot(...apple!.slice(0, 128))).toBeCloseTo(1, 4);
    clip.dispose();

    await button(page, 'Delete the run').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
    await button(page, 'Start training').waitFor();
    expect(first.problems).toEqual([]);
    await closed(open);
  }, 120_000);
});
