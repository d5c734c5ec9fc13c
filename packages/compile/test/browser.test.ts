import { createReadStream, existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expectClose } from '@crossmodal/test-utils';
import { build } from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BrowserProgram } from './browser-program';

// Compiled functions in Chromium, on WebAssembly and on WebGPU in software. CHROMIUM names another browser.
const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const there = existsSync(executablePath);
if (!there && !process.env['CI']) console.log(`No browser at ${executablePath} (CHROMIUM names another).`);

const ortFiles = dirname(createRequire(import.meta.url).resolve('onnxruntime-web'));

describe.skipIf(!there && !process.env['CI'])('compiled functions in a browser', { timeout: 180_000 }, () => {
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
    site = createServer((request, response) => {
      const { pathname } = new URL(request.url!, 'http://localhost');
      const type = { '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm' }[
        extname(pathname)
      ];
      response.setHeader('content-type', type ?? 'text/html');
      if (pathname.startsWith('/ort/')) createReadStream(join(ortFiles, pathname.slice(5))).pipe(response);
      else
        response.end(
          pathname === '/program.js' ? script : '<script type="module" src="program.js"></script>',
        );
    });
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
    browser = await chromium.launch({
      executablePath,
      args: [
        '--no-sandbox',
        '--enable-unsafe-webgpu',
        '--use-webgpu-adapter=swiftshader',
        '--enable-features=Vulkan',
        '--use-vulkan=swiftshader',
        '--use-angle=swiftshader',
        '--enable-unsafe-swiftshader',
        '--ignore-gpu-blocklist',
        '--disable-background-networking',
      ],
    });
    page = await browser.newPage();
    page.on('console', (message) => console.log(message.text()));
    page.on('pageerror', (message) => console.log(message));
    await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
    await page.waitForFunction(() => 'program' in globalThis);
  });
  afterAll(async () => {
    await browser?.close();
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

  const places = [
    ['cpu', 'wasm'],
    ['webgpu', 'webgpu'],
    ['webgpu', 'wasm'],
  ] as const;

  it.each(places)('encode as the function itself, with tensors of %s, on %s', async (engine, provider) => {
    const eager = await run('encode', 'cpu');
    const compiled = await run('encode', engine, provider);
    expectClose(compiled.features, eager.features, { relative: 1e-4, absolute: 1e-5 });
    expectClose(compiled.changed, eager.changed, { relative: 1e-4, absolute: 1e-5 });
    expect(compiled.compilations).toBe(2);
    expect(compiled.leaked).toBe(0);
  });

  it.each(places.slice(0, 2))(
    'train as the function itself, with tensors of %s, on %s',
    async (engine, provider) => {
      const eager = await run('train', 2, 'cpu');
      const compiled = await run('train', 2, engine, provider);
      expectClose(compiled.losses, eager.losses, { relative: 1e-3 });
      expect(compiled.compilations).toBe(1);
    },
  );

  it('share memory with the engine on the GPU, and copy from and to others', async () => {
    const gpu = await run('square', 'webgpu');
    const cpu = await run('square', 'cpu');
    expect(gpu).toEqual({ ups: 0, downs: 0, result: 512 });
    expect(cpu).toEqual({ ups: 1, downs: 1, result: 512 });
  });
});
