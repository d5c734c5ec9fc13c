import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { skipsBrowser } from '@crossmodal/test-utils/program-site';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PlaygroundSite } from './playground-site';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TABS = ['search', 'train', 'draw', 'understand'] as const;
/** Weights of Lighthouse's audits of the same names that are not 7. */
const WEIGHTS: Readonly<Record<string, number>> = {
  'aria-allowed-attr': 10,
  'aria-hidden-body': 10,
  'aria-required-attr': 10,
  'aria-required-children': 10,
  'aria-required-parent': 10,
  'aria-roles': 7,
  'aria-valid-attr': 10,
  'aria-valid-attr-value': 10,
  'button-name': 10,
  'image-alt': 10,
  'input-image-alt': 10,
  'meta-viewport': 10,
  'video-caption': 10,
  'heading-order': 3,
  region: 3,
  'landmark-one-main': 3,
};

describe.skipIf(skipsBrowser())('accessibility', () => {
  let site: PlaygroundSite;
  beforeAll(async () => {
    site = await PlaygroundSite.start();
  }, 180_000);
  afterAll(() => site?.close());

  const check = async (page: Page): Promise<AxeResults> =>
    page.evaluate(async () => {
      const { axe } = globalThis as never as { axe: { run(): Promise<never> } };
      return axe.run();
    });

  it.each([
    [1280, ['en', 'zh'], ['light', 'dark']],
    [390, ['en'], ['light']], // as wide as a telephone
  ])(
    'has no violation at %i pixels, and a score of 95 at least',
    async (width, languages, themes) => {
      const context = await site.browser.newContext({ viewport: { width, height: 900 } });
      const { page } = await site.open({ context });
      await page.evaluate(axeSource); // by the debugger: the page's policy would refuse a script of ours
      const found: string[] = [];
      let [passed, all] = [0, 0];
      for (const language of languages) {
        await page.locator('header select').first().selectOption(language);
        for (const theme of themes) {
          await page.locator('header select').last().selectOption(theme);
          for (const tab of TABS) {
            await page.locator(`#tab-${tab}`).click();
            await page.locator(`#panel-${tab} h2`).first().waitFor();
            const results = await check(page);
            const weight = ({ id }: { id: string }) => WEIGHTS[id] ?? 7;
            for (const violation of results.violations) {
              const targets = violation.nodes.map(({ target }) => target.join(' ')).slice(0, 4);
              found.push(
                `${tab} ${language} ${theme}: ${violation.impact} ${violation.id}: ${targets.join(', ')}`,
              );
            }
            const sum = (rules: readonly { id: string }[]) =>
              rules.reduce((total, rule) => total + weight(rule), 0);
            passed += sum(results.passes);
            all += sum(results.passes) + sum(results.violations);
          }
        }
      }
      const score = (100 * passed) / all;
      console.log(
        `accessibility at ${width} pixels: ${score.toFixed(1)} of 100 (axe-core, Lighthouse's weights)`,
      );
      await context.close();
      expect(found).toEqual([]);
      expect(score).toBeGreaterThanOrEqual(95);
    },
    120_000,
  );

  it('shows what a picture looked at without a violation', async () => {
    const { page, context } = await site.open({ tab: 'draw' });
    await page.getByLabel('Pictures', { exact: true }).fill('1');
    await page.getByLabel('What to draw').fill('red heart');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'What it looked at: picture 1' }).click({ timeout: 60_000 });
    await page.getByRole('gridcell').first().waitFor();
    await page.evaluate(axeSource);
    for (const theme of ['light', 'dark']) {
      await page.locator('header select').last().selectOption(theme);
      expect((await check(page)).violations.map(({ id }) => id)).toEqual([]);
    }
    await context.close();
  }, 90_000);

  it('names the engine and the licences in dialogs that pass too', async () => {
    const { page, context } = await site.open();
    await page.evaluate(axeSource);
    for (const name of [/^Engine/, 'Licences']) {
      await page.getByRole('button', { name }).click();
      await page.getByRole('dialog').waitFor();
      expect((await check(page)).violations.map(({ id }) => id)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'hidden' });
    }
    await context.close();
  });
});
