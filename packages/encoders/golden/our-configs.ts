// Writes our-configs/, the config.json of each tiny model as our models write it, which our_configs.py gives to
// transformers: node --conditions=crossmodal-source --import tsx packages/encoders/golden/our-configs.ts
import '@tensorflow/tfjs-backend-cpu';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { PUBLISHED } from './published';

await tf.setBackend('cpu');
mkdirSync(new URL('our-configs/', import.meta.url), { recursive: true });
for (const [name, family] of Object.entries(PUBLISHED)) {
  const model = await family.fromPretrained(fileURLToPath(new URL(`${name}/`, import.meta.url)));
  const { 'config.json': config } = await model.toFiles();
  writeFileSync(new URL(`our-configs/${name}.json`, import.meta.url), config as string);
}
