import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { DataError, isCrossmodalError, useBackend } from '@crossmodal/core';
import { CACHE, designerById, loadEmoji, PICTURE_SIZE, renderBar } from '@crossmodal/emoji-clip';
import type { MultimodalSentimentAnalyzer, SentimentInput, SentimentPrediction } from '@crossmodal/sentiment';
import sharp from 'sharp';
import type { RunFolder } from '../run-folder';

export interface PredictCommandOptions {
  /** An emoji, or the path of a picture. */
  image?: string;
  /** Who draws an emoji. */
  designer: string;
}

const BAR = 30;

/** Says what a sentence, a picture or both feel like. */
export async function predictCommand(
  folder: RunFolder,
  text: string,
  options: PredictCommandOptions,
): Promise<void> {
  if (text.trim() === '' && options.image === undefined)
    throw new DataError(
      'predict: expected a sentence, a picture or both, such as: npm run sentiment -- predict "what a lovely day" --image 😡',
    );
  await useBackend(); // first, since weights live in an engine
  const { model } = await folder.load();
  console.log(await answer(model, text, options));
}

/** Asks for sentences until there are no more; pictures stand in them as emoji. */
export async function promptCommand(folder: RunFolder, designer: string): Promise<void> {
  await useBackend();
  const { model } = await folder.load();
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  console.log('\nA sentence, an emoji, or both; an empty line ends.');
  try {
    for (;;) {
      const line = await lines.question('> ');
      if (line.trim() === '') return;
      const { text, emoji } = splitEmoji(line);
      try {
        console.log(await answer(model, text, { ...(emoji && { image: emoji }), designer }));
      } catch (error) {
        if (!isCrossmodalError(error)) throw error;
        console.error(error.message);
      }
    }
  } catch (error) {
    if ((error as Error).name !== 'AbortError') throw error; // Ctrl-C or Ctrl-D
  } finally {
    lines.close();
  }
}

/** A line without its first emoji, and that emoji. */
export function splitEmoji(line: string): { text: string; emoji?: string } {
  const emoji = charactersOf(line).find(isEmoji);
  return emoji ? { text: line.replace(emoji, ' ').trim(), emoji } : { text: line.trim() };
}

/** Characters as people count them. */
const charactersOf = (text: string) => [...new Intl.Segmenter().segment(text)].map(({ segment }) => segment);

/** Of a picture, a flag, or a key with a digit. */
const isEmoji = (character: string) =>
  /\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20E3/u.test(character);

async function answer(
  model: MultimodalSentimentAnalyzer,
  text: string,
  { image, designer }: PredictCommandOptions,
): Promise<string> {
  const input: SentimentInput = {
    ...(text.trim() !== '' && { text }),
    ...(image !== undefined && { image: await pictureOf(image, designer) }),
  };
  return describe(await model.predict(input));
}

/** A picture as PNG or as it is in its file. */
export async function pictureOf(image: string, designerId: string): Promise<Uint8Array> {
  const [first, ...rest] = charactersOf(image);
  if (!first || rest.length > 0 || !isEmoji(first)) {
    try {
      return await readFile(image);
    } catch (cause) {
      throw new DataError(
        `predict: --image: expected an emoji or the path of a picture, received "${image}": ${(cause as Error).message}`,
        { cause },
      );
    }
  }
  const designer = designerById(designerId);
  const bar = renderBar();
  const { concepts, pictures } = await loadEmoji(CACHE, [designer.id], bar.show);
  bar.end();
  const plain = (emoji: string) => emoji.replaceAll('\uFE0F', '');
  const concept = concepts.findIndex(({ emoji }) => plain(emoji) === plain(image));
  const { pixels, concepts: drawn } = pictures.get(designer.id)!;
  const at = drawn.indexOf(concept);
  if (concept < 0 || at < 0)
    throw new DataError(`predict: --image: ${designer.name} has no drawing of ${image}.`);
  const bytes = PICTURE_SIZE * PICTURE_SIZE * 4;
  return sharp(pixels.subarray(at * bytes, (at + 1) * bytes), {
    raw: { width: PICTURE_SIZE, height: PICTURE_SIZE, channels: 4 },
  })
    .png()
    .toBuffer();
}

/** A prediction as lines for the terminal. */
export function describe({ name, probabilities, contributions }: SentimentPrediction): string {
  const bars = Object.entries(probabilities!).map(([label, share]) => {
    const bar = '#'.repeat(Math.round(BAR * share)).padEnd(BAR, '.');
    return `${`${(100 * share).toFixed(1)} %`.padStart(8)}  ${bar}  ${label}`;
  });
  const shares = Object.entries(contributions!).map(
    ([modality, share]) => `${modality} ${share >= 0 ? '+' : ''}${(100 * share).toFixed(0)} %`,
  );
  return `${name}\n${bars.join('\n')}\nfor ${name}: ${shares.join(', ')}`;
}
