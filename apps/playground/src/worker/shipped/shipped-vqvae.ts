import { bytesSource, openSafetensors, ZeroRng } from '@crossmodal/core';
import type { Recipe } from '@crossmodal/emoji-dalle/browser';
import { VQVAE } from '@crossmodal/vqvae';
import { perEngine } from '../engine';
import { fetchBytes, fetchJson } from './fetch-shipped';

/** The VQ-VAE that comes with the page. */
export const shippedVQVAE = perEngine(async () => {
  const [recipe, config, weights] = await Promise.all([
    fetchJson<Recipe>('dalle/recipe.json'),
    fetchJson<Record<string, unknown>>('dalle/vqvae/config.json'),
    fetchBytes('dalle/vqvae/model.safetensors'),
  ]);
  const vqvae = VQVAE.fromConfig(config, { rng: new ZeroRng() });
  await vqvae.loadTensors(await openSafetensors(bytesSource(weights, 'dalle/vqvae/model.safetensors')));
  return { vqvae, recipe };
});
