// Writes our-configs/, the config.json of each tiny model as ours write it, which our_configs.py gives to transformers:
// node --conditions=crossmodal-source --import tsx packages/clip/golden/our-configs.ts
import '@tensorflow/tfjs-backend-cpu';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CLIP } from '@crossmodal/clip';
import * as tf from '@tensorflow/tfjs-core';

await tf.setBackend('cpu');
mkdirSync(new URL('our-configs/', import.meta.url), { recursive: true });
for (const name of ['tiny-clip', 'tiny-chinese-clip', 'tiny-siglip']) {
  const clip = await CLIP.fromPretrained(fileURLToPath(new URL(`${name}/`, import.meta.url)));
  const { 'config.json': config } = await clip.toFiles();
  writeFileSync(new URL(`our-configs/${name}.json`, import.meta.url), config as string);
}
