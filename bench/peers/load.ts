// One process of `bench/load.ts`: milliseconds to load a model from one of its files, and peak memory.
import '@crossmodal/backend-onnx';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLIP } from '@crossmodal/clip';
import { fileSource } from '@crossmodal/core/node';
import { filesInMemory, type ModelFiles } from '@crossmodal/hub';
import * as tf from '@tensorflow/tfjs-core';

const [folder = '', file = ''] = process.argv.slice(2);
await tf.setBackend('onnx');
const config = filesInMemory({ 'config.json': readFileSync(join(folder, 'config.json'), 'utf8') });
// The folder, with one file of weights.
const files: ModelFiles = {
  name: folder,
  list: async () => ['config.json', file],
  open: (path) => (path === file ? fileSource(join(folder, file)) : config.open(path)),
};
const start = process.resourceUsage().maxRSS / 1024;
const began = performance.now();
const clip = await CLIP.fromPretrained(files);
const ms = performance.now() - began;
if (clip.parameterCount().total !== 151_277_313) throw new Error('load: not all of the parameters.');
console.log(JSON.stringify({ ms, megabytes: process.resourceUsage().maxRSS / 1024, start }));
