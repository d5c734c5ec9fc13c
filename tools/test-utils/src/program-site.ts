import { createReadStream, existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright';

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const there = existsSync(executablePath);

/** Whether tests in Chromium are to be left out: where there is none, but not in CI. CHROMIUM names another browser. */
export function skipsBrowser(): boolean {
  if (!there && !process.env['CI']) console.log(`No browser at ${executablePath} (CHROMIUM names another).`);
  return !there && !process.env['CI'];
}

/** WebGPU in software. */
export const SOFTWARE_GPU = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  // The compositor too: synchronous reads go through a canvas.
  '--enable-features=Vulkan',
  '--use-vulkan=swiftshader',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--ignore-gpu-blocklist',
];

export interface ProgramSiteOptions {
  /** More of Chromium's arguments. */
  args?: readonly string[];
  /** Folders whose files the site gives too, by their place: `/ort/`. */
  folders?: Readonly<Record<string, string>>;
}

/** A page on this machine that runs a program bundled for browsers, and Chromium to look at it. */
export class ProgramSite {
  private constructor(
    /** The program, as one file. */
    readonly script: string,
    readonly browser: Browser,
    private readonly server: Server,
  ) {}

  /** @param program Sets `globalThis.program`, functions by name. */
  static async start(
    program: URL,
    { args = [], folders = {} }: ProgramSiteOptions = {},
  ): Promise<ProgramSite> {
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(program)],
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'browser',
      conditions: ['crossmodal-source', 'module'],
      logLevel: 'silent',
    });
    const script = outputFiles[0]!.text;
    const server = createServer((request, response) => {
      const { pathname } = new URL(request.url!, 'http://localhost');
      response.setHeader('content-type', TYPES[extname(pathname)] ?? 'text/html');
      const place = Object.keys(folders).find((name) => pathname.startsWith(name));
      if (place) createReadStream(join(folders[place]!, pathname.slice(place.length))).pipe(response);
      else if (pathname === '/program.js') response.end(script);
      else response.end('<script type="module" src="program.js"></script>');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const browser = await chromium.launch({
        executablePath,
        args: ['--no-sandbox', '--disable-background-networking', ...args],
      });
      return new ProgramSite(script, browser, server);
    } catch (error) {
      server.close();
      throw error;
    }
  }

  /** Opens the program in a new page, of a context where one is given. */
  async open(context: { newPage(): Promise<Page> } = this.browser): Promise<Page> {
    const page = await context.newPage();
    await page.goto(`http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`);
    await page.waitForFunction(() => 'program' in globalThis);
    return page;
  }

  async close(): Promise<void> {
    await this.browser.close();
    this.server.closeAllConnections();
    this.server.close();
  }
}

const TYPES: Record<string, string> = {
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.wasm': 'application/wasm',
};

type Functions<P> = { [Name in keyof P]: (...args: never[]) => unknown };

/** Calls a function of the program in a page. */
export async function callProgram<P extends Functions<P>, Name extends keyof P & string>(
  page: Page,
  name: Name,
  args: Parameters<P[Name]>,
): Promise<Awaited<ReturnType<P[Name]>>> {
  return (await page.evaluate(
    ([name, args]) =>
      (globalThis as never as { program: Record<string, (...args: unknown[]) => unknown> }).program[name]!(
        ...args,
      ),
    [name, args as unknown[]] as const,
  )) as never;
}
