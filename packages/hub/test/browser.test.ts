import { randomBytes } from 'node:crypto';
import { callProgram, ProgramSite, skipsBrowser } from '@crossmodal/test-utils/program-site';
import type { Page } from 'playwright';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { BrowserProgram } from './browser-program';
import { HubServer, sha256 } from './hub-server';

// The package in Chromium, from a page on this machine, against a hub on another port. CHROMIUM names another browser.

const weights = randomBytes(20_000_000); // two parts
const CONFIG = '{"model_type":"clip"}';

describe.skipIf(skipsBrowser())('in a browser', () => {
  let server: HubServer;
  let site: ProgramSite;
  let page: Page;

  beforeAll(async () => {
    site = await ProgramSite.start(new URL('browser-program.ts', import.meta.url));
  });
  afterAll(() => site?.close());
  beforeEach(async () => {
    server = await HubServer.start({
      'org/name': {
        files: {
          'config.json': CONFIG,
          'model.safetensors': weights,
          'pytorch_model.bin': new Uint8Array(9),
        },
      },
    });
    const context = await site.browser.newContext(); // with a storage of its own
    page = await site.open(context);
    return async () => {
      await context.close();
      await server.close();
    };
  });

  const run = <Name extends keyof BrowserProgram>(name: Name, ...args: Parameters<BrowserProgram[Name]>) =>
    callProgram<BrowserProgram, Name>(page, name, args);
  const options = () => ({ endpoint: server.url, network: { attempts: 2, delayMs: 1 } });

  it('fetches a repository into its private storage, once', async () => {
    server.repos['org/name']!.private = true;
    const opened = await run('open', 'org/name', { ...options(), token: server.token }, [
      'model.safetensors',
    ]);
    expect(opened.name).toBe('org/name@main');
    expect(opened.hashes).toEqual({
      'config.json': sha256(Buffer.from(CONFIG)),
      'model.safetensors': sha256(weights),
    });
    expect(opened.read).toEqual([[...weights.subarray(1, 5)]]);
    expect(opened.progress.at(-1)).toBe(weights.length + CONFIG.length);
    const cdn = server.requests.filter(({ host }) => host === 'cdn');
    expect(cdn.every(({ headers }) => headers.authorization === undefined)).toBe(true);

    page = await site.open(page.context());
    const before = server.requests.length;
    const again = await run('open', 'org/name', { ...options(), offline: true });
    expect(again.hashes).toEqual(opened.hashes);
    expect(server.requests.length).toBe(before);
  });

  it('goes on where it was stopped', async () => {
    const stopped = await run('stopAfter', 'org/name', options(), 18_000_000);
    expect(stopped).toBe('Error: enough');
    const opened = await run('open', 'org/name', options());
    expect(opened.hashes['model.safetensors']).toBe(sha256(weights));
    const [, second] = server.requests.filter(({ host, method }) => host === 'cdn' && method === 'GET');
    expect(Number(/^bytes=(\d+)-$/.exec(second!.headers.range!)![1])).toBeGreaterThanOrEqual(18_000_000);
  });

  it('loses at most a part when the tab is closed', async () => {
    server.fault = ({ host }) => (host === 'cdn' ? { stallAfter: 17_500_000 } : undefined);
    const lost = run('stopAfter', 'org/name', options(), Infinity).catch(() => {});
    await expect.poll(() => server.sent(/file=/)).toBe(17_500_000);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const context = page.context();
    const next = await site.open(context);
    await page.close();
    await lost;
    page = next;
    server.fault = () => undefined;
    const opened = await run('open', 'org/name', options());
    expect(opened.hashes['model.safetensors']).toBe(sha256(weights));
    const [, second] = server.requests.filter(({ host, method }) => host === 'cdn' && method === 'GET');
    expect(second!.headers.range).toMatch(/^bytes=(16|17)\d{6}-$/);
  });

  it('fetches once what two tabs want', async () => {
    const other = await site.open(page.context());
    const first = run('open', 'org/name', options());
    page = other;
    const [a, b] = await Promise.all([first, run('open', 'org/name', options())]);
    expect(a.hashes).toEqual(b.hashes);
    expect(server.sent(/file=/)).toBe(weights.length);
  });

  it('refuses other content, and says what is wrong', async () => {
    server.fault = ({ host }) => (host === 'cdn' ? { body: new Uint8Array(weights.length) } : undefined);
    const asked = { ...options(), patterns: ['*.safetensors'] };
    expect(await run('fail', 'org/name', asked)).toContain(
      'model.safetensors: expected content with the hash',
    );
    server.fault = ({ url }) =>
      url.includes('/config.json') ? { body: Buffer.from('x'.repeat(21)) } : undefined;
    expect(await run('fail', 'org/name', options())).toContain('config.json: expected content with the hash');
    server.fault = () => undefined;
    expect(await run('fail', 'org/other', options())).toMatchObject({ reason: 'not-found' });
    expect(await run('fail', 'org/name', { ...options(), offline: true })).toMatchObject({
      reason: 'offline',
    });
    expect(await run('fail', './folder', options())).toContain(
      'ConfigError: openPretrained: repo: expected a name',
    );
  });

  it('reads and writes folders by their handles', async () => {
    expect(await run('handles')).toEqual({
      list: ['config.json', 'onnx/model.onnx'],
      text: '{"a":2}',
      missing: 'CheckpointError: mine: no file none.',
      outside: 'CheckpointError: mine: "../none" is no path within it.',
      folders: 'ConfigError: downloadSnapshot: a browser has no folders to give. Use openPretrained.',
    });
  });
});
