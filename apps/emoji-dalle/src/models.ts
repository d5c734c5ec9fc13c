import { Rng } from '@crossmodal/core';
import { DALLE } from '@crossmodal/dalle';
import { VQVAE } from '@crossmodal/vqvae';
import type { Recipe } from './recipe';

/** The VQ-VAE of a recipe, with its first weights. */
export function createVQVAE({ vqvae, seed }: Recipe): VQVAE {
  const coder = {
    type: 'patch',
    patch_size: vqvae.patchSize,
    hidden_size: vqvae.hiddenSize,
    num_residual_blocks: vqvae.numResidualBlocks,
  };
  const quantizer = {
    type: 'ema',
    codebook_size: vqvae.codebookSize,
    dim: vqvae.codeDim,
    decay: vqvae.decay,
    k_means_iterations: vqvae.kMeansIterations,
    restart_threshold: vqvae.restartThreshold,
  };
  return VQVAE.fromConfig(
    { encoder: coder, quantizer, decoder: coder },
    { rng: new Rng(seed).split('vqvae') },
  );
}

/** The DALL-E of a recipe, with its first weights. */
export function createDALLE({ imageSize, vqvae, dalle, seed }: Recipe, textVocabSize: number): DALLE {
  const side = imageSize / vqvae.patchSize;
  return new DALLE({
    textVocabSize,
    textLength: dalle.textLength,
    codebookSize: vqvae.codebookSize,
    gridHeight: side,
    gridWidth: side,
    hiddenSize: dalle.hiddenSize,
    numLayers: dalle.numLayers,
    numHeads: dalle.numHeads,
    tokenShift: dalle.tokenShift,
    dropout: dalle.dropout,
    textDropRate: dalle.textDropRate,
    rng: new Rng(seed).split('dalle'),
  });
}
