import { callProgram, ProgramSite, skipsBrowser } from '@crossmodal/test-utils/program-site';
import type { BrowserContext, Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OPFSCheckpointStore } from '../src/checkpoint/opfs-checkpoint-store';
import type { OPFSProgram } from './opfs-program';

// The store in Chromium, from a page on this machine. CHROMIUM names another browser.

type Call = <Name extends keyof OPFSProgram & string>(
  name: Name,
  ...args: Parameters<OPFSProgram[Name]>
) => Promise<Awaited<ReturnType<OPFSProgram[Name]>>>;

describe.skipIf(skipsBrowser())('OPFSCheckpointStore', () => {
  let site: ProgramSite;
  let context: BrowserContext;
  beforeAll(async () => {
    site = await ProgramSite.start(new URL('opfs-program.ts', import.meta.url));
  });
  afterAll(() => site?.close());
  beforeEach(async () => {
    context = await site.browser.newContext(); // of its own storage
  });
  afterEach(() => context.close());

  const inPage =
    (page: Page): Call =>
    (name, ...args) =>
      callProgram<OPFSProgram, typeof name>(page, name, args);
  const inWorker =
    (page: Page): Call =>
    (name, ...args) =>
      page.evaluate(
        ([name, args]) =>
          (globalThis as never as { inWorker(...call: unknown[]): never }).inWorker(name, args),
        [name, args] as const,
      ) as never;
  const places: [string, (page: Page) => Call, prepare?: (call: Call) => Promise<unknown>][] = [
    ['a page', inPage],
    ['a worker', inWorker],
    ['a worker without writable streams', inWorker, (call) => call('withoutStreams')],
  ];

  it.each(places)('keeps what it is given, in %s', async (_, place, prepare) => {
    const call = place(await site.open(context));
    await prepare?.(call);
    expect(await call('list')).toEqual([]);
    for (const step of [40, 3, 123_456_789]) expect(await call('save', step)).toBe('saved');
    expect(await call('list')).toEqual([3, 40, 123_456_789]);
    expect(await call('load', 40)).toBe(true);
    expect(await call('names', 'runs/first/step-00000040')).toEqual([
      'manifest.json',
      'model.safetensors',
      'optimizer.safetensors',
      'trainer.json',
    ]);
    expect(await call('save', 40, 2)).toBe('saved'); // in its place
    expect(await call('load', 40)).not.toBe(true);
    await call('remove', 40);
    expect(await call('list')).toEqual([3, 123_456_789]);
    expect(await call('load', 40)).toBe(
      'OPFSCheckpointStore: no checkpoint of step 40 in runs/first. There are: 3, 123456789.',
    );
  });

  it.each(places)('a run goes on from it as if it had never stopped, in %s', async (_, place, prepare) => {
    const open = async () => {
      const call = place(await site.open(context));
      await prepare?.(call);
      return call;
    };
    const whole = await (await open())('train', 'runs/whole', 30);
    await (await open())('train', 'runs/parts', 14);
    const parts = await (await open())('train', 'runs/parts', 30);
    expect(parts).toEqual({ ...whole, from: 14 });
    expect(whole.from).toBe(0);
  });

  it.each(['optimizer.safetensors', 'manifest.json'])(
    'a page that goes away while %s is written leaves the others, and no torn one',
    async (file) => {
      const page = await site.open(context);
      await inPage(page)('save', 1);
      await inPage(page)('saveForever', 2, file);
      expect(await inPage(page)('names', 'runs/first/step-00000002')).toContain('model.safetensors');
      await page.close();
      const call = inPage(await site.open(context));
      expect(await call('list')).toEqual([1]);
      expect(await call('latest')).toEqual({ step: 1, warnings: [] });
      expect(await call('save', 3)).toBe('saved');
      expect(await call('names', 'runs/first')).toEqual(['step-00000001', 'step-00000003']);
    },
  );

  it('passes over, and names, one that is damaged', async () => {
    const call = inPage(await site.open(context));
    for (const step of [1, 2]) await call('save', step);
    await call('damage', 'runs/first/step-00000002/model.safetensors', 90);
    expect(await call('latest')).toEqual({
      step: 1,
      warnings: [
        'The checkpoint of step 2 is passed over: runs/first/step-00000002: model.safetensors: its checksum differs ' +
          'from the one written: the file is damaged.',
      ],
    });
  });

  it('says when there is no room, and leaves the others', async () => {
    const page = await site.open(context);
    const call = inPage(page);
    await call('save', 1);
    const session = await context.newCDPSession(page);
    const origin = new URL(page.url()).origin;
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 100_000 });
    expect(await call('save', 2, 1_000_000)).toMatch(
      /^OPFSCheckpointStore: the checkpoint of step 2 cannot be written to runs\/first: .*quota.* Those saved before are intact\.$/i,
    );
    expect(await call('names', 'runs/first')).toEqual(['step-00000001']);
    expect(await call('load', 1)).toBe(true);
  });
});

it('says in Node that it is for browsers', async () => {
  await expect(new OPFSCheckpointStore('runs').list()).rejects.toThrow(
    'OPFSCheckpointStore: there is no file system for pages here (navigator.storage.getDirectory): it takes a browser, ' +
      'and a page from https or localhost. In Node there is FolderCheckpointStore.',
  );
});
