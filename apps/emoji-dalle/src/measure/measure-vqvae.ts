import { Rng } from '@crossmodal/core';
import { PIXEL_RANGE, type PictureStack } from '@crossmodal/emoji-clip';
import { CodebookUsage, type VQVAE } from '@crossmodal/vqvae';
import * as tf from '@tensorflow/tfjs-core';
import { pixelsOf } from '../pixels';
import type { Recipe } from '../recipe';
import { psnr } from './psnr';

const BATCH = 32;

export interface VQVAEFigures {
  /** Mean of the pictures' peak signal-to-noise ratios, in dB. */
  psnr: number;
  /** Share of the codes that the pictures use. */
  usage: number;
  /** Codes in use, as if evenly. */
  perplexity: number;
  pictures: number;
}

/** Measures the VQ-VAE on at most `most` pictures of a stack, the same ones for the same recipe. */
export async function measureVQVAE(
  vqvae: VQVAE,
  stack: PictureStack,
  { imageSize, seed }: Recipe,
  most: number,
): Promise<VQVAEFigures> {
  const order = new Rng(seed).split('measured').permutation(stack.concepts.length);
  const chosen = order.subarray(0, most);
  const usage = new CodebookUsage(vqvae);
  const ratios: number[] = [];
  for (let start = 0; start < chosen.length; start += BATCH) {
    const pixels = pixelsOf(stack, chosen.subarray(start, start + BATCH), imageSize);
    const indices = vqvae.encode(pixels);
    const reconstruction = vqvae.decode(indices);
    ratios.push(...psnr(reconstruction, pixels, PIXEL_RANGE));
    await usage.add(indices);
    tf.dispose([pixels, indices, reconstruction]);
  }
  return {
    psnr: ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length,
    usage: usage.usage,
    perplexity: usage.perplexity,
    pictures: ratios.length,
  };
}
