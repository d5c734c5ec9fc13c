// Writes our-lora/, the adapter of tiny-clip/ that our_lora.py loads into peft:
// node --conditions=crossmodal-source --import tsx packages/clip/golden/our-lora.ts
import '@tensorflow/tfjs-backend-cpu';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { CLIP } from '@crossmodal/clip';
import { addLoRA, loraConfig, loraStateDict, Rng, serializeSafetensors } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

await tf.setBackend('cpu');
const config = JSON.parse(readFileSync(new URL('tiny-clip/config.json', import.meta.url), 'utf8'));
const clip = CLIP.fromConfig(config, { rng: new Rng(0) });
const rng = new Rng(6);
addLoRA(clip, { pattern: /(k_proj|fc1|visual_projection)$/, rank: 5, alpha: 3, rng });
for (const parameter of clip.trainableParameters().values())
  parameter.assign(tf.tensor(rng.normalArray(parameter.size, 0, 0.3), parameter.shape));
const folder = new URL('our-lora/', import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL('adapter_config.json', folder), `${JSON.stringify(loraConfig(clip), undefined, 2)}\n`);
const state = serializeSafetensors(await loraStateDict(clip), { format: 'pt' });
writeFileSync(new URL('adapter_model.safetensors', folder), state);
