import { yieldToEventLoop } from '@crossmodal/core';
import type { PictureStack } from '@crossmodal/emoji-clip';
import type { VQVAE } from '@crossmodal/vqvae';
import { pixelsOf } from './pixels';

const BATCH = 64;

/** Pictures as tokens. */
export interface TokenSet {
  /** [pictures, length] */
  tokens: Int32Array;
  /** Tokens of a picture. */
  length: number;
  /** The concept that each picture shows. */
  concepts: Int32Array;
}

/**
 * Every picture of a stack as the tokens that the VQ-VAE makes of it.
 *
 * @throws The signal's reason when aborted.
 */
export async function tokenize(
  vqvae: VQVAE,
  stack: PictureStack,
  imageSize: number,
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: (done: number, total: number) => void } = {},
): Promise<TokenSet> {
  const { concepts } = stack;
  const length = (imageSize / vqvae.downsampling) ** 2;
  const tokens = new Int32Array(concepts.length * length);
  for (let start = 0; start < concepts.length; start += BATCH) {
    await yieldToEventLoop(); // an engine that computes at once never gives way by itself
    signal?.throwIfAborted();
    const pictures = Array.from({ length: Math.min(BATCH, concepts.length - start) }, (_, i) => start + i);
    const pixels = pixelsOf(stack, pictures, imageSize);
    const indices = vqvae.encode(pixels);
    tokens.set(await indices.data(), start * length);
    pixels.dispose();
    indices.dispose();
    onProgress?.(start + pictures.length, concepts.length);
  }
  return { tokens, length, concepts };
}

/** The tokens of some pictures, one after the other. */
export function tokensOf({ tokens, length }: TokenSet, pictures: readonly number[]): Int32Array {
  const selected = new Int32Array(pictures.length * length);
  for (const [i, picture] of pictures.entries())
    selected.set(tokens.subarray(picture * length, (picture + 1) * length), i * length);
  return selected;
}
