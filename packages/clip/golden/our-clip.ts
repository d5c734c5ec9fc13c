// Writes our-clip/, the checkpoint that our_clip.py loads into transformers:
// node --conditions=crossmodal-source --import tsx packages/clip/golden/our-clip.ts
import '@tensorflow/tfjs-backend-cpu';
import { fileURLToPath } from 'node:url';
import { CLIP, clipViTB32 } from '@crossmodal/clip';
import { Rng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

await tf.setBackend('cpu');
const { textConfig, visionConfig } = clipViTB32.config;
const small = { hiddenSize: 8, intermediateSize: 16, numHiddenLayers: 1, numAttentionHeads: 2 } as const;
const clip = CLIP.fromConfig(
  {
    projectionDim: 4,
    logitScaleInitValue: 2.6592,
    textConfig: { ...textConfig, ...small, vocabSize: 20, maxPositionEmbeddings: 6, eosTokenId: 19 },
    visionConfig: { ...visionConfig, ...small, hiddenAct: 'gelu', imageSize: 8, patchSize: 4 },
  },
  { rng: new Rng(5) },
);
const folder = new URL('our-clip/', import.meta.url);
await clip.saveTo(fileURLToPath(folder));
