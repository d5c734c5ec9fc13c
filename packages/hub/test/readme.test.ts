import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as core from '@crossmodal/core';
import { codeBlocks, runExample } from '@crossmodal/test-utils';
import { expect, it, vi } from 'vitest';
import * as hub from '../src/index';
import { HubServer } from './hub-server';

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');

it("the README's example prints what it says", async () => {
  // The repository it names, as far as it looks.
  const projection = core.hostTensorFromValues(new Float32Array(512 * 768), [512, 768], 'F32');
  const server = await HubServer.start({
    'openai/clip-vit-base-patch32': {
      files: {
        'config.json': '{"model_type": "clip"}',
        'model.safetensors': core.serializeSafetensors({ 'visual_projection.weight': projection }),
      },
    },
  });
  const folder = await mkdtemp(join(tmpdir(), 'crossmodal-readme-'));
  vi.stubEnv('HF_ENDPOINT', server.url);
  vi.stubEnv('HF_HUB_CACHE', join(folder, 'cache'));
  vi.stubEnv('HF_HUB_OFFLINE', undefined);
  vi.spyOn(process.stderr, 'write').mockReturnValue(true); // its progress
  try {
    const code = codeBlocks(readme, 'ts')[0]!.replaceAll(/'(\.\/)?my-projections'/g, `'${folder}/saved'`);
    const printed = await runExample(code, { '@crossmodal/hub': hub, '@crossmodal/core': core });
    expect(printed).toBe(codeBlocks(readme, 'text')[0]);
  } finally {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
});

it('the README names every export', () => {
  for (const name of Object.keys(hub)) expect(readme).toContain(`\`${name}\``);
});
