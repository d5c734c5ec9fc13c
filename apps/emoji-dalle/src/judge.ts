import { type CLIP, encodeImages, encodeTexts } from '@crossmodal/clip';
import type { Reranker } from '@crossmodal/dalle';
import { RunFolder as CLIPFolder, pictureProcessor, wordTokenizer } from '@crossmodal/emoji-clip';
import type { RawImage } from '@crossmodal/processing';

/** Where `npm start` leaves its CLIP. */
export const DEFAULT_CLIP = 'runs/emoji-clip';

/**
 * The emoji CLIP by which pictures are ranked, or undefined where none has been trained.
 *
 * @param folder A run of emoji-clip; one that is named has to be there.
 * @throws CheckpointError when the named one is not, or its files are damaged.
 */
export async function loadJudge(folder?: string): Promise<Reranker | undefined> {
  const run = new CLIPFolder(folder ?? DEFAULT_CLIP);
  if (folder === undefined && !run.isFinished) return undefined;
  const { clip, tokenizer, recipe } = await run.loadModel();
  return {
    clip: clip as unknown as CLIP,
    tokenizer: wordTokenizer(tokenizer),
    imageProcessor: pictureProcessor(recipe.imageSize),
  };
}

/** What is said where there is none. */
export const NO_JUDGE = `No CLIP in ${DEFAULT_CLIP}: pictures are not ranked. Train one with npm start, or name one with --clip <folder>.`;

/** Cosines of every picture with every prompt, [pictures, prompts]. */
export async function judge(
  { clip, tokenizer, imageProcessor }: Reranker,
  prompts: readonly string[],
  pictures: readonly RawImage[],
): Promise<number[][]> {
  const dim = clip.projectionDim;
  const texts = await encodeTexts(clip, tokenizer, prompts);
  const images = await encodeImages(clip, imageProcessor, pictures);
  return pictures.map((_, picture) =>
    prompts.map((_, prompt) => {
      let sum = 0;
      for (let d = 0; d < dim; d++) sum += images[picture * dim + d]! * texts[prompt * dim + d]!;
      return sum;
    }),
  );
}
