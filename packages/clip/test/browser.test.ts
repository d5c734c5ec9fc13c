import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expectClose, readGolden } from '@crossmodal/test-utils';
import { build } from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HubServer } from '../../hub/test/hub-server';
import type { BrowserProgram } from './browser-program';

// The package in Chromium, against a hub on this machine. CHROMIUM names another browser.
const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const there = existsSync(executablePath);
if (!there && !process.env['CI']) console.log(`No browser at ${executablePath} (CHROMIUM names another).`);

const folder = fileURLToPath(new URL('../golden/whole-path/', import.meta.url));
const golden = readGolden(new URL('../golden/whole_path.safetensors', import.meta.url));
const TEXTS = ['a photo of a cat', 'a dog, quick!', '一只猫'];
const FAMILIES = ['clip', 'chinese-clip', 'siglip'];

describe.skipIf(!there && !process.env['CI'])('in a browser', () => {
  let hub: HubServer;
  let site: Server;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL('browser-program.ts', import.meta.url))],
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'browser',
      conditions: ['crossmodal-source', 'module'],
      logLevel: 'silent',
    });
    const script = outputFiles[0]!.text;
    expect(script).not.toMatch(/["'`]node:/);
    site = createServer((request, response) => {
      const isProgram = request.url === '/program.js';
      response.setHeader('content-type', isProgram ? 'text/javascript; charset=utf-8' : 'text/html');
      response.end(isProgram ? script : '<script type="module" src="program.js"></script>');
    });
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
    const repos = FAMILIES.map((family) => {
      const path = join(folder, family);
      const files = readdirSync(path).map((file) => [file, new Uint8Array(readFileSync(join(path, file)))]);
      return [`org/${family}`, { files: Object.fromEntries(files) }];
    });
    hub = await HubServer.start(Object.fromEntries(repos));
    browser = await chromium.launch({
      executablePath,
      args: ['--no-sandbox', '--disable-background-networking'],
    });
    page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
    await page.waitForFunction(() => 'program' in globalThis);
  });
  afterAll(async () => {
    await browser?.close();
    await hub?.close();
    site?.closeAllConnections();
    site?.close();
  });

  /** Calls a function of the program in the page. */
  async function run<Name extends keyof BrowserProgram>(
    name: Name,
    ...args: Parameters<BrowserProgram[Name]>
  ): Promise<Awaited<ReturnType<BrowserProgram[Name]>>> {
    return (await page.evaluate(
      ([name, args]) =>
        (globalThis as never as { program: Record<string, (...args: unknown[]) => unknown> }).program[name]!(
          ...args,
        ),
      [name, args as unknown[]] as const,
    )) as never;
  }

  it.each(FAMILIES)(
    'gives the logits of transformers for a photo and words, with %s from a hub',
    async (family) => {
      const photo = [...readFileSync(join(folder, 'photo.png'))];
      const { logits, label } = await run('logits', `org/${family}`, hub.url, photo, TEXTS);
      const expected = golden.array(`${family}.logits_per_image`).values;
      expectClose(logits, Array.from(expected), { relative: 1e-4 });
      expect(label).toBe(TEXTS[expected.indexOf(Math.max(...expected))]);
    },
  );

  it('saves to the private storage of a page, and loads from there', async () => {
    expect(await run('saveAndLoad', 'org/clip', hub.url)).toBe(true);
  });
});
