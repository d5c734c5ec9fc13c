// Writes our-onnx/, the files that our_onnx.py checks and runs:
// node --conditions=crossmodal-source --import tsx packages/compile/golden/our-onnx.ts
import '@tensorflow/tfjs-backend-cpu';
import { fileURLToPath } from 'node:url';
import { exportONNX } from '@crossmodal/compile';
import * as tf from '@tensorflow/tfjs-core';
import { ourModels } from './our-models';

await tf.setBackend('cpu');
for (const [name, { module, example, dtypes, ...options }] of Object.entries(ourModels()))
  for (const dtype of dtypes) {
    const file = fileURLToPath(new URL(`our-onnx/${name}-${dtype}.onnx`, import.meta.url));
    await exportONNX(module, example, file, { ...options, dtype });
  }
