import type { GeneratedImage, Reranker, TextToImage } from '@crossmodal/dalle';
import type { RawImage } from '@crossmodal/processing';
import { judge } from './judge';
import type { Recipe } from './recipe';

/** Prompts drawn at a time. */
const PROMPTS_AT_ONCE = 8;

/** A prompt with the pictures made of it. */
export interface Drawn {
  prompt: string;
  /** With a judge, the best first. */
  candidates: { picture: RawImage; score?: number }[];
}

/** Pictures of every prompt, `numImages` of each, in the order of the prompts. */
export async function drawPrompts(
  artist: TextToImage,
  prompts: readonly string[],
  { sampling, seed }: Recipe,
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: (done: number) => void } = {},
): Promise<GeneratedImage[]> {
  const images: GeneratedImage[] = [];
  for (let start = 0; start < prompts.length; start += PROMPTS_AT_ONCE) {
    const some = prompts.slice(start, start + PROMPTS_AT_ONCE);
    images.push(...(await artist.generate(some, { ...sampling, seed: seed + start, signal })));
    onProgress?.(start + some.length);
  }
  return images;
}

/** Pictures by prompt; with a judge, its scores of all pictures for all prompts, and the best first. */
export async function rankDrawings(
  prompts: readonly string[],
  images: readonly GeneratedImage[],
  reranker: Reranker | undefined,
): Promise<{ drawn: Drawn[]; scores: number[][] | undefined }> {
  const pictures = images.map(({ picture }) => picture!);
  const scores = reranker && (await judge(reranker, prompts, pictures));
  const numImages = images.length / prompts.length;
  const drawn = prompts.map((prompt, p) => {
    const candidates = Array.from({ length: numImages }, (_, i) => {
      const index = p * numImages + i;
      return { picture: pictures[index]!, ...(scores && { score: scores[index]![p]! }) };
    });
    if (scores) candidates.sort((a, b) => b.score! - a.score!);
    return { prompt, candidates };
  });
  return { drawn, scores };
}
