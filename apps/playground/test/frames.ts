import type { Page } from 'playwright';

/** Has the page note when its frames come, from now on. */
export async function watchFrames(page: Page): Promise<void> {
  await page.evaluate('globalThis.__name = (named) => named'); // tsx marks functions by it
  await page.evaluate(() => {
    const times: number[] = [];
    const frame = (time: number) => {
      times.push(time);
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    Object.assign(globalThis, { frameTimes: times });
  });
}

/** How many came, and the time between them. */
export async function framesOf(page: Page): Promise<{ count: number; text: string }> {
  const times = await page.evaluate(() => (globalThis as never as { frameTimes: number[] }).frameTimes);
  const gaps = times
    .slice(1)
    .map((time, i) => time - times[i]!)
    .sort((a, b) => a - b);
  const at = (part: number) => gaps[Math.floor((gaps.length - 1) * part)]?.toFixed(0);
  const text =
    `${gaps.length} frames, ms between them: median ${at(0.5)}, 95 % within ${at(0.95)}, ` +
    `99 % within ${at(0.99)}, longest ${at(1)}`;
  return { count: gaps.length, text };
}
