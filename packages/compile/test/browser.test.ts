import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { expectClose } from '@crossmodal/test-utils';
import { callProgram, ProgramSite, SOFTWARE_GPU, skipsBrowser } from '@crossmodal/test-utils/program-site';
import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BrowserProgram } from './browser-program';

// Compiled functions in Chromium, on WebAssembly and on WebGPU in software. CHROMIUM names another browser.

const ortFiles = dirname(createRequire(import.meta.url).resolve('onnxruntime-web'));

describe.skipIf(skipsBrowser())('compiled functions in a browser', { timeout: 180_000 }, () => {
  let site: ProgramSite;
  let page: Page;

  beforeAll(async () => {
    const program = new URL('browser-program.ts', import.meta.url);
    site = await ProgramSite.start(program, { args: SOFTWARE_GPU, folders: { '/ort/': ortFiles } });
    page = await site.open();
    page.on('console', (message) => console.log(message.text()));
    page.on('pageerror', (message) => console.log(message));
  });
  afterAll(() => site?.close());

  const run = <Name extends keyof BrowserProgram>(name: Name, ...args: Parameters<BrowserProgram[Name]>) =>
    callProgram<BrowserProgram, Name>(page, name, args);

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
