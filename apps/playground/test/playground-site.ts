import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { mkdir, readFile, rename } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, resolve, sep } from 'node:path';
import { SOFTWARE_GPU } from '@crossmodal/test-utils/program-site';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright';
import { build } from 'vite';
import { headers } from '../content-security-policy';

const APP = resolve(import.meta.dirname, '..');
const CACHE = join(APP, '../../node_modules/.cache/playground');
/** The site is below a path, as on a host that serves several. */
const BASE = '/some/path/';

export interface SiteOptions {
  /** Whether Chromium has WebGPU, in software: slow. Default false. */
  softwareGpu?: boolean;
  /** Whether there is a camera, which shows a moving drawing and is allowed at once. Default false. */
  camera?: boolean;
}

const CAMERA = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];

export interface OpenOptions {
  tab?: 'search' | 'train' | 'draw' | 'understand';
  /** Default `wasm`. `webgpu` takes the GPU in software, of a site started with `softwareGpu`. */
  engine?: 'auto' | 'webgpu' | 'wasm';
  language?: 'en' | 'zh';
  theme?: 'light' | 'dark' | 'system';
  /** To open several pages that share storage, or with other options of Playwright's. */
  context?: BrowserContext;
  /** Milliseconds to wait for the engine; 0 does not wait. Default 60,000. */
  engineTimeout?: number;
}

/** The built playground on this machine, and Chromium to look at it. */
export class PlaygroundSite {
  private constructor(
    readonly browser: Browser,
    /** Where the built files are. */
    readonly folder: string,
    /** Names of the files that were asked for. */
    readonly served: ReadonlySet<string>,
    private readonly server: Server,
  ) {}

  static async start({ softwareGpu = false, camera = false }: SiteOptions = {}): Promise<PlaygroundSite> {
    const folder = await buildOnce();
    const served = new Set<string>();
    const server = createServer((request, response) => {
      void serve(folder, request.url!, response).then((name) => served.add(name));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const browser = await chromium.launch({
        executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
        args: [
          '--no-sandbox',
          '--disable-background-networking',
          ...(softwareGpu ? SOFTWARE_GPU : []),
          ...(camera ? CAMERA : []),
        ],
      });
      return new PlaygroundSite(browser, folder, served, server);
    } catch (error) {
      server.close();
      throw error;
    }
  }

  get address(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${BASE}`;
  }

  /** Opens the page at a tab, the engine started; what goes wrong in it is collected in `problems`. */
  async open({
    tab = 'search',
    engine = 'wasm',
    language = 'en',
    theme = 'light',
    context,
    engineTimeout = 60_000,
  }: OpenOptions = {}): Promise<OpenPage> {
    const inContext = context ?? (await this.browser.newContext());
    const page = await inContext.newPage();
    const problems: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(`${message.text()} ${message.location().url}`);
    });
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('requestfailed', (request) => {
      // A request that the page itself broke off is none.
      if (request.failure()?.errorText !== 'net::ERR_ABORTED') problems.push(`failed: ${request.url()}`);
    });
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`);
      });
    });
    const query = new URLSearchParams({ engine, language, theme });
    if (engine === 'webgpu') query.set('software-gpu', '');
    await page.goto(`${this.address}?${query}#${tab}`);
    await page.getByRole('tabpanel').getByRole('heading', { level: 2 }).first().waitFor();
    if (engineTimeout > 0) {
      await page
        .locator('.engine-ready, .engine-failed')
        .waitFor({ timeout: engineTimeout, state: 'attached' });
    }
    return { page, context: inContext, problems };
  }

  /** No more answers, as when the network is gone. */
  stopServer(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  async close(): Promise<void> {
    await this.browser.close();
    this.stopServer();
  }
}

export interface OpenPage {
  page: Page;
  context: BrowserContext;
  /** Errors in the console, uncaught ones, violations of the policy, requests that failed. */
  problems: string[];
}

/** With PLAYGROUND_SHOTS=folder: a picture of the page, to look at. */
export async function screenshot(page: Page, name: string): Promise<void> {
  const folder = process.env['PLAYGROUND_SHOTS'];
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

/** Builds the app, unless it was built from the same files: test files that run beside each other share it. */
export async function buildOnce(): Promise<string> {
  const folder = join(CACHE, sourceHash());
  if (existsSync(folder)) return folder;
  const own = `${folder}-${process.pid}`;
  await mkdir(CACHE, { recursive: true });
  // Development's settings would come along from the test runner.
  const mode = process.env['NODE_ENV'];
  process.env['NODE_ENV'] = 'production';
  try {
    await build({
      root: APP,
      configFile: join(APP, 'vite.config.ts'),
      logLevel: 'error',
      build: { outDir: own, emptyOutDir: true },
    });
  } finally {
    if (mode === undefined) delete process.env['NODE_ENV'];
    else process.env['NODE_ENV'] = mode;
  }
  await rename(own, folder).catch((error) => {
    rmSync(own, { recursive: true, force: true });
    if (!existsSync(folder)) throw error; // else another was first
  });
  removeOld(folder);
  return folder;
}

/** Builds of an hour ago and older are of use to nobody. */
function removeOld(kept: string): void {
  for (const name of readdirSync(CACHE)) {
    const folder = join(CACHE, name);
    if (folder === kept) continue;
    try {
      if (Date.now() - statSync(folder).mtimeMs > 3_600_000) rmSync(folder, { recursive: true, force: true });
    } catch {
      // Another process was first.
    }
  }
}

/** Of names, sizes and times of what the build reads. */
function sourceHash(): string {
  const hash = createHash('sha256');
  const packages = join(APP, '../../packages');
  const folders = [
    APP,
    join(APP, 'src'),
    join(APP, 'public'),
    ...readdirSync(packages).map((name) => join(packages, name, 'src')),
  ];
  for (const folder of folders) {
    if (!existsSync(folder)) continue;
    const deep = folder !== APP; // of the app's own folder only its files, not test and dist
    for (const entry of readdirSync(folder, { recursive: deep, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (!entry.isFile() || path.endsWith('.test.ts') || path.endsWith('.md')) continue;
      const { size, mtimeMs } = statSync(path);
      hash.update(`${path} ${size} ${mtimeMs}\n`);
    }
  }
  return hash.digest('hex').slice(0, 16);
}

type Response = Parameters<NonNullable<Parameters<typeof createServer>[1]>>[1];

/** As a static host that reads `_headers`; gives the name of the file. */
async function serve(folder: string, url: string, response: Response): Promise<string> {
  const { pathname } = new URL(url, 'http://localhost');
  const name = decodeURIComponent(pathname).slice(BASE.length) || 'index.html';
  const file = resolve(folder, name);
  const bytes =
    pathname.startsWith(BASE) && file.startsWith(folder + sep)
      ? await readFile(file).catch(() => undefined)
      : undefined;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.setHeader('content-type', TYPES[extname(file)] ?? 'application/octet-stream');
  response.setHeader('cache-control', 'no-cache');
  response.statusCode = bytes ? 200 : 404;
  response.end(bytes);
  return name;
}

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.wasm': 'application/wasm',
  '.md': 'text/markdown; charset=utf-8',
};

/** The text of a built file. */
export function builtFile(folder: string, name: string): string {
  return readFileSync(join(folder, name), 'utf8');
}
