import { skipsBrowser } from '@crossmodal/test-utils/program-site';
import type { Page } from 'playwright';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunArchitecture } from '../src/train/run-settings';
import { type OpenPage, PlaygroundSite, screenshot } from './playground-site';

const COLOURS = ['red', 'green', 'blue', 'yellow', 'black', 'orange', 'purple', 'brown'];
const HOSTILE = '<img src=x onerror="window.hacked=1">';
const SHIPPED = 'The model that comes with the page';
const RUN = /^Trained: Your own pictures, .*, step \d+$/;

async function picture(name: string, background: string) {
  const image = sharp({ create: { width: 24, height: 24, channels: 3, background } });
  return { name: `${name}.png`, mimeType: 'image/png', buffer: await image.png().toBuffer() };
}
const pictures = () => Promise.all(COLOURS.map((colour) => picture(colour, colour)));

const panel = (page: Page, tab: string) => page.locator(`#panel-${tab}`);
const button = (page: Page, tab: string, name: string) =>
  panel(page, tab).getByRole('button', { name, exact: true });
const choice = (page: Page, tab: string) => panel(page, tab).getByLabel('Model', { exact: true });
const chosen = (page: Page, tab: string) =>
  choice(page, tab).evaluate((select: HTMLSelectElement) => select.selectedOptions[0]!.text);
const words = (page: Page, tab: string) => panel(page, tab).getByLabel('Words', { exact: true });
const best = (page: Page, name: string) =>
  page.locator('.search-results .grid-name >> nth=0').getByText(name, { exact: true });

/** Begins to train on squares of one colour each, in the Train tab. */
async function begin(page: Page, architecture: RunArchitecture, steps: number): Promise<void> {
  const tab = panel(page, 'train');
  await tab.getByLabel('Your own pictures').check();
  await tab.getByLabel('Nothing').check();
  await tab.getByLabel('Kind of model').selectOption(architecture);
  await tab.locator('input[data-test=files]').setInputFiles(await pictures());
  await tab.getByText('8 pairs ready').waitFor();
  await tab.locator('.train-advanced summary').click();
  await tab.getByLabel('Steps').fill(String(steps));
  await tab.getByLabel('Pictures a step').fill('4');
  await button(page, 'train', 'Start training').click();
}

async function train(page: Page, architecture: RunArchitecture, steps: number): Promise<void> {
  await begin(page, architecture, steps);
  await panel(page, 'train').getByText(`Finished after ${steps} steps`).waitFor({ timeout: 60_000 });
}

async function remove(page: Page): Promise<void> {
  await page.getByRole('tab', { name: 'Train' }).click();
  await button(page, 'train', 'Delete the run').click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByText('The trained model is deleted with its run.').waitFor();
}

describe.skipIf(skipsBrowser())('a model that was trained in the page', () => {
  let site: PlaygroundSite;
  beforeAll(async () => {
    site = await PlaygroundSite.start({ camera: true });
  }, 180_000);
  afterAll(() => site?.close());
  const closed = async (...opened: OpenPage[]) => {
    await opened[0]!.context.close();
    for (const { problems } of opened) expect(problems).toEqual([]);
  };
  const give = async (page: Page) => {
    const files = [...(await pictures()), await picture(HOSTILE, 'white')];
    await page.locator('#panel-search .drop input[data-test=files]').setInputFiles(files);
    await page.getByText('9 pictures can be searched.').waitFor();
    await page.getByText('for the next visit too').waitFor();
  };

  it('searches pictures of its own, also at the next visit, until its run is deleted', async () => {
    const context = await site.browser.newContext({ permissions: ['camera'] });
    const first = await site.open({ context });
    const { page } = first;
    await page.getByText('A model of your own can stand here').waitFor();
    await give(page);
    await words(page, 'search').fill('red');
    await best(page, 'red.png').waitFor();
    await page.getByRole('tab', { name: 'Train' }).click();
    await train(page, 'transformer', 40);
    await button(page, 'train', 'Use in Search').click();

    await page.getByText('There are no pictures yet.').waitFor(); // of this model
    expect(await chosen(page, 'search')).toMatch(RUN);
    await give(page);
    for (const colour of ['red', 'blue', 'green']) {
      await words(page, 'search').fill(colour);
      await page.locator('.search-results .grid-note').first().waitFor();
    }
    await page.locator('.search-results .grid-name').getByText(HOSTILE).waitFor();
    await page.getByRole('button', { name: 'Start the camera' }).click();
    await page.locator('.camera .bar-value').first().waitFor();
    await page.getByRole('button', { name: 'Stop the camera' }).click();
    await screenshot(page, 'trained-search');
    const scores = async () => {
      await words(page, 'search').fill('');
      await page.locator('.search-results .grid-note').first().waitFor({ state: 'detached' });
      await words(page, 'search').fill('red');
      await page.locator('.search-results .grid-note').first().waitFor();
      return page.locator('.search-results .grid-note').allTextContents();
    };
    const ofTrained = await scores();
    await choice(page, 'search').selectOption('shipped');
    await page.getByText('9 pictures can be searched.').waitFor();
    await best(page, 'red.png').waitFor();
    const ofShipped = await scores();
    expect(ofTrained).not.toEqual(ofShipped);
    await choice(page, 'search').selectOption('trained');
    await expect.poll(scores).toEqual(ofTrained);
    await page.close();

    const second = await site.open({ context, tab: 'understand', language: 'zh' });
    const again = second.page;
    await again.locator('header select').first().selectOption('en');
    expect(await chosen(again, 'understand')).toMatch(RUN);
    await again.getByText(/Right for \d of 8 pictures/).waitFor();
    await again.getByRole('tab', { name: 'Search' }).click();
    await again.getByText('9 pictures can be searched.').waitFor();
    await words(again, 'search').fill('red');
    await again.locator('.search-results .grid-note').first().waitFor();
    expect(await again.locator('.search-results .grid-note').allTextContents()).toEqual(ofTrained);

    await again.getByRole('tab', { name: 'Understand' }).click();
    await again.getByRole('radio', { name: 'Where it looks' }).check();
    await again.getByText('reads the picture as 4 x 4 patches').waitFor();
    await again.getByText(/Chefer et al\. 2021/).waitFor();
    const places = () => again.locator('.numbers td').filter({ hasText: /\d/ }).allTextContents();
    const relevance = await places();
    expect(relevance).toHaveLength(16);
    expect(Math.min(...relevance.map(Number))).toBeGreaterThanOrEqual(0);
    await screenshot(again, 'trained-look');
    await words(again, 'understand').fill('blue');
    await expect.poll(places).not.toEqual(relevance);
    await again.getByLabel('Method').selectOption('rollout');
    await again.getByText(/Abnar and Zuidema 2020/).waitFor();
    const rollout = await places();
    const total = rollout.map(Number).reduce((a, b) => a + b);
    expect(total).toBeGreaterThan(0.1);
    expect(total).toBeLessThan(1);

    await remove(again);
    await again.getByRole('tab', { name: 'Understand' }).click();
    await again.getByText(/The places add up to the cosine/).waitFor();
    await again.getByRole('tab', { name: 'Search' }).click();
    expect(await chosen(again, 'search')).toBe(SHIPPED);
    await again.getByText('9 pictures can be searched.').waitFor();
    await best(again, 'red.png').waitFor();
    expect(await again.evaluate(() => 'hacked' in window)).toBe(false);
    await closed(first, second);
  }, 120_000);

  it('is used while paused, and anew after more training: its pictures of before are put away', async () => {
    const open = await site.open({ tab: 'train' });
    const { page } = open;
    await begin(page, 'convolution', 60);
    const step = page.locator('#panel-train').getByRole('progressbar').first();
    await expect
      .poll(async () => Number(await step.getAttribute('aria-valuenow')), { timeout: 60_000 })
      .toBeGreaterThan(1);
    await button(page, 'train', 'Pause').click();
    await button(page, 'train', 'Use in Search').click();
    await give(page);
    const first = await chosen(page, 'search');
    await page.getByRole('tab', { name: 'Understand' }).click();
    await page.getByRole('radio', { name: 'Where it looks' }).check();
    await page.getByText(/The places add up to the cosine/).waitFor();

    await page.getByRole('tab', { name: 'Train' }).click();
    await button(page, 'train', 'Continue').click();
    await page.getByText('Finished after 60 steps').waitFor({ timeout: 60_000 });
    expect(await chosen(page, 'understand')).toBe(first);
    await button(page, 'train', 'Use in Search').click();
    await page.getByText('belong to another version of the model and were put away').waitFor();
    expect(await chosen(page, 'search')).toMatch(/, step 60$/);
    await page.getByText('There are no pictures yet.').waitFor();
    await give(page);
    await words(page, 'search').fill('blue');
    await best(page, 'blue.png').waitFor(); // it has learned that
    await closed(open);
  }, 120_000);
});
