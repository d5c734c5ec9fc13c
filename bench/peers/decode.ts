// One process of `bench/decode.ts`: milliseconds a token and peak memory, and the tokens, which must equal PyTorch's.
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { configureOnnxBackend } from '@crossmodal/backend-onnx';
import { compileStep } from '@crossmodal/compile';
import { profile } from '@crossmodal/core';
import { readSafetensorsFile, saveSafetensorsFile } from '@crossmodal/core/node';
import * as tf from '@tensorflow/tfjs-core';
import { Decoder } from '../models/decoder';

const [action = 'run', weights = '', prompts = '64', news = '256', threads = `${availableParallelism()}`] =
  process.argv.slice(2);
configureOnnxBackend({ threads: Number(threads) });
await tf.setBackend('onnx');
const decoder = new Decoder();
const compiled = compileStep(decoder.step.bind(decoder), { module: decoder });
const step = action === 'compiled' ? compiled : undefined;
const prompt = Array.from({ length: Number(prompts) }, (_, i) => (i * 7919) % 8192);
if (action === 'save') {
  await saveSafetensorsFile(weights, await decoder.stateDict());
  console.log('{}'); // no figures
} else {
  await decoder.loadTensors(await readSafetensorsFile(weights));
  decoder.generate(prompt, 8, step);
  if (action === 'profile') await profile(() => decoder.generate(prompt, Number(news)));
  const times = [0, 1].map(() => {
    const start = performance.now();
    const tokens = decoder.generate(prompt, Number(news), step);
    const ms = (performance.now() - start) / tokens.length;
    writeFileSync(`${weights}.ours.json`, JSON.stringify(tokens));
    return ms;
  });
  const megabytes = process.resourceUsage().maxRSS / 1024;
  console.log(JSON.stringify({ ms: Math.min(...times), megabytes, tensors: tf.memory().numTensors }));
}
