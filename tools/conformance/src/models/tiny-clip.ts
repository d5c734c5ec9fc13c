import { CLIP, CLIPTextTransformer, CLIPVisionTransformer, clipLoss } from '@crossmodal/clip';
import { Rng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import type { ModelCase } from './model-case';

/** Two transformer towers, padded texts, the contrastive loss with its learned temperature. */
export const tinyCLIP: ModelCase = {
  name: 'CLIP',
  create() {
    const rng = new Rng(1);
    const tower = {
      hiddenSize: 16,
      intermediateSize: 32,
      numHiddenLayers: 2,
      numAttentionHeads: 2,
      hiddenAct: 'quick_gelu' as const,
      layerNormEps: 1e-5,
      attentionDropout: 0,
    };
    const model = new CLIP({
      visionEncoder: new CLIPVisionTransformer({ ...tower, imageSize: 8, patchSize: 4, numChannels: 3, rng }),
      textEncoder: new CLIPTextTransformer({
        ...tower,
        vocabSize: 20,
        maxPositionEmbeddings: 6,
        eosTokenId: 19,
        rng,
      }),
      projectionDim: 8,
      rng,
    });
    const pixelValues = tf.tensor4d(rng.normalArray(4 * 8 * 8 * 3), [4, 8, 8, 3]);
    const texts = [
      [18, 3, 4, 5, 6, 19],
      [18, 7, 19, 0, 0, 0],
      [18, 8, 9, 19, 0, 0],
      [18, 3, 3, 10, 19, 0],
    ];
    const inputIds = tf.tensor2d(texts, [4, 6], 'int32');
    return {
      model,
      batch: [pixelValues, inputIds],
      loss() {
        const output = model.forward({ pixelValues, inputIds }, { training: true, rng });
        return clipLoss(output.imageFeatures, output.textFeatures, output.logitScale);
      },
    };
  },
};
