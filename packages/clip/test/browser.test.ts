import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expectClose, readGolden } from '@crossmodal/test-utils';
import { callProgram, ProgramSite, skipsBrowser } from '@crossmodal/test-utils/program-site';
import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HubServer } from '../../hub/test/hub-server';
import type { BrowserProgram } from './browser-program';

// The package in Chromium, against a hub on this machine. CHROMIUM names another browser.

const folder = fileURLToPath(new URL('../golden/whole-path/', import.meta.url));
const golden = readGolden(new URL('../golden/whole_path.safetensors', import.meta.url));
const TEXTS = ['a photo of a cat', 'a dog, quick!', '一只猫'];
const FAMILIES = ['clip', 'chinese-clip', 'siglip'];

describe.skipIf(skipsBrowser())('in a browser', () => {
  let hub: HubServer;
  let site: ProgramSite;
  let page: Page;

  beforeAll(async () => {
    site = await ProgramSite.start(new URL('browser-program.ts', import.meta.url));
    expect(site.script).not.toMatch(/["'`]node:/);
    const repos = FAMILIES.map((family) => {
      const path = join(folder, family);
      const files = readdirSync(path).map((file) => [file, new Uint8Array(readFileSync(join(path, file)))]);
      return [`org/${family}`, { files: Object.fromEntries(files) }];
    });
    hub = await HubServer.start(Object.fromEntries(repos));
    page = await site.open();
  });
  afterAll(async () => {
    await site?.close();
    await hub?.close();
  });

  const run = <Name extends keyof BrowserProgram>(name: Name, ...args: Parameters<BrowserProgram[Name]>) =>
    callProgram<BrowserProgram, Name>(page, name, args);

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
