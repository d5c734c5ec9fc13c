import { readFileSync } from 'node:fs';
import type { CDPSession, Page } from 'playwright';
import { framesOf, watchFrames } from '../test/frames';
import { PlaygroundSite } from '../test/playground-site';

/**
 * The Train tab in Chromium while it trains on emoji with WebAssembly: tensors and memory at several steps, the gaps between frames
 * while the page is scrolled, and what it finds of the held-out pictures.
 *
 *     node --conditions=crossmodal-source --import tsx apps/playground/tools/measure-train-page.ts \
 *       transformer|convolution [steps] [pictures a step]
 *
 * Without numbers, with the defaults.
 */
async function main([kind = 'transformer', steps, batchSize]: string[]): Promise<void> {
  const site = await PlaygroundSite.start();
  try {
    const { page, context, problems } = await site.open({ tab: 'train' });
    const panel = page.locator('#panel-train');
    if (kind === 'convolution') await panel.getByLabel('Kind of model').selectOption('convolution');
    await panel.locator('.train-advanced summary').click();
    if (steps) await panel.getByLabel('Steps').fill(steps);
    if (batchSize) await panel.getByLabel('Pictures a step').fill(batchSize);
    const total = Number(await panel.getByLabel('Steps').inputValue());
    const [browserSession, pageSession] = [
      await site.browser.newBrowserCDPSession(),
      await context.newCDPSession(page),
    ];
    const worker = await callsToWorker(pageSession);
    const inPage = pageSession.send.bind(pageSession) as Call;
    await inPage('Performance.enable');
    await panel.getByRole('button', { name: 'Start training' }).click();
    await panel.locator('[data-test=train-memory]').waitFor({ timeout: 120_000 });
    await watchFrames(page);
    await watchWork(page);
    const began = performance.now();
    const before = await timesOf(inPage);
    console.log('step; in memory; MB: heap + buffers of the worker; of the page; resident of their process');
    for (let next = Math.min(20, total / 10); ; ) {
      const step = Number(await panel.getByRole('progressbar').first().getAttribute('aria-valuenow'));
      const isOver = step >= total || problems.length > 0;
      if (step >= next || isOver) {
        const memory = panel.locator('[data-test=train-memory]');
        const shown = (await memory.count())
          ? await memory.textContent({ timeout: 2000 }).catch(() => '')
          : '';
        const memories = [await heapOf(worker), await heapOf(inPage), await resident(browserSession)];
        console.log(`${step}; ${shown}; ${memories.join('; ')}`);
        next = step + total / 10;
      }
      if (isOver) break;
      // As a reader does: down and up.
      await page.mouse.wheel(0, Math.floor(performance.now() / 2000) % 2 ? -120 : 120);
      await page.waitForTimeout(100);
    }
    await panel.getByText(/^Finished after/).waitFor({ timeout: 60_000 });
    const seconds = (performance.now() - began) / 1000;
    console.log(`${(seconds / total).toFixed(3)} s a step, measuring included`);
    console.log(`${(await framesOf(page)).text}; ${await workReport(page)}`);
    const after = await timesOf(inPage);
    const share = (name: string) => `${(((after[name]! - before[name]!) / seconds) * 100).toFixed(1)} %`;
    console.log(
      `the page's thread is at work ${share('TaskDuration')} of the time: ` +
        `scripts ${share('ScriptDuration')}, layout ${share('LayoutDuration')}, style ${share('RecalcStyleDuration')}`,
    );
    for (const text of await panel.locator('.chart figcaption > p, [data-test=train-lift]').allTextContents())
      console.log(text);
    if (problems.length > 0) console.log('problems:', problems);
  } finally {
    await site.close();
  }
}

type Call = (method: string, params?: Record<string, unknown>) => Promise<Record<string, unknown>>;

/** Calls of the developer tools' protocol to the page's worker. */
async function callsToWorker(session: CDPSession): Promise<Call> {
  let sessionId = '';
  let id = 0;
  const waiting = new Map<number, (result: Record<string, unknown>) => void>();
  session.on('Target.attachedToTarget', (event) => {
    if (event.targetInfo.type === 'worker') sessionId = event.sessionId;
  });
  session.on('Target.receivedMessageFromTarget', ({ message }) => {
    const answer = JSON.parse(message) as { id: number; result: Record<string, unknown> };
    waiting.get(answer.id)?.(answer.result);
  });
  // Sessions of Playwright's do not reach the page's workers: messages in messages do.
  const options = { autoAttach: true, waitForDebuggerOnStart: false, flatten: false };
  await session.send('Target.setAutoAttach', options);
  return async (method, params = {}) => {
    const answer = new Promise<Record<string, unknown>>((resolve) => waiting.set(++id, resolve));
    await session.send('Target.sendMessageToTarget', {
      sessionId,
      message: JSON.stringify({ id, method, params }),
    });
    return answer;
  };
}

/** Megabytes of a heap after a collection: objects, and the buffers that they have (not WebAssembly's memory). */
async function heapOf(call: Call): Promise<string> {
  await call('HeapProfiler.collectGarbage');
  const { usedSize, backingStorageSize } = (await call('Runtime.getHeapUsage')) as Record<string, number>;
  return `${megabytes(usedSize!)} + ${megabytes(backingStorageSize!)}`;
}

/** Megabytes of the processes that show pages and run their workers. */
async function resident(session: CDPSession): Promise<number> {
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const kilobytes = processInfo
    .filter(({ type }) => type === 'renderer')
    .map(({ id }) => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1] ?? 0));
  return megabytes(kilobytes.reduce((a, b) => a + b, 0) * 1024);
}

const megabytes = (bytes: number) => Math.round(bytes / 1e5) / 10;

/** Seconds that the page's thread has been at work, by what. */
async function timesOf(call: Call): Promise<Record<string, number>> {
  const { metrics } = (await call('Performance.getMetrics')) as {
    metrics: { name: string; value: number }[];
  };
  return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
}

/** Has the page note its long tasks, and the scripts in long frames, in milliseconds. */
async function watchWork(page: Page): Promise<void> {
  await page.evaluate(() => {
    const tasks: number[] = [];
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) tasks.push(duration);
    }).observe({ type: 'longtask' });
    const scripts: number[] = [];
    new PerformanceObserver((list) => {
      for (const frame of list.getEntries() as (PerformanceEntry & { scripts: PerformanceEntry[] })[])
        for (const { duration } of frame.scripts) scripts.push(duration);
    }).observe({ type: 'long-animation-frame' });
    Object.assign(globalThis, { work: { tasks, scripts } });
  });
}

async function workReport(page: Page): Promise<string> {
  const { tasks, scripts } = await page.evaluate(
    () => (globalThis as never as { work: Record<'tasks' | 'scripts', number[]> }).work,
  );
  return (
    `tasks of the page over 50 ms: ${tasks.length}, longest ${Math.max(0, ...tasks).toFixed(0)} ms; ` +
    `longest script in a frame of over 50 ms: ${Math.max(0, ...scripts).toFixed(0)} ms`
  );
}

await main(process.argv.slice(2));
