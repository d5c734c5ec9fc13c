import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { skipsBrowser } from '@crossmodal/test-utils/program-site';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PlaygroundSite } from './playground-site';

const LIMIT = 500_000;

describe.skipIf(skipsBrowser())('the first view', () => {
  let site: PlaygroundSite;
  beforeAll(async () => {
    site = await PlaygroundSite.start();
  }, 180_000);
  afterAll(() => site?.close());

  it(`takes at most ${LIMIT / 1000} kB of JavaScript, gzipped, the engine included`, async () => {
    const context = await site.browser.newContext({ serviceWorkers: 'block' }); // it would fetch all
    await site.open({ context });
    const scripts = [...site.served].filter((name) => name.endsWith('.js'));
    const sizes = scripts.map(
      (name) => [name, gzipSync(readFileSync(join(site.folder, name))).length] as const,
    );
    const total = sizes.reduce((sum, [, size]) => sum + size, 0);
    const largest = [...sizes].sort((a, b) => b[1] - a[1]).slice(0, 4);
    console.log(
      `first view, with the engine: ${scripts.length} scripts, ${(total / 1000).toFixed(0)} kB gzipped; ` +
        largest.map(([name, size]) => `${name} ${(size / 1000).toFixed(0)}`).join(', '),
    );
    expect(total).toBeLessThan(LIMIT);
    expect(total).toBeGreaterThan(50_000); // else it measures nothing
    await context.close();
  });
});
