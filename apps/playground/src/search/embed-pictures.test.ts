import '@tensorflow/tfjs-backend-cpu';
import { encodeImages } from '@crossmodal/clip';
import { createModel, pictureProcessor, playgroundRecipe } from '@crossmodal/emoji-clip/browser';
import type { RawImage } from '@crossmodal/processing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { PlaygroundError } from '../playground-error';
import { embedPictures, type PictureSource } from './embed-pictures';
import { PictureIndex } from './picture-index';
import type { IndexProgress } from './search-types';

const recipe = {
  ...playgroundRecipe,
  imageSize: 8,
  stages: [{ channels: 4, blocks: 0 }],
  textHiddenSize: 4,
  projectionDim: 3,
};
beforeAll(async () => {
  await tf.setBackend('cpu');
});

const picture = (i: number): RawImage => ({
  data: Uint8Array.from({ length: 5 * 5 * 4 }, (_, at) => (at % 4 === 3 ? 255 : (at * (i + 3)) % 256)),
  width: 5,
  height: 5,
  channels: 4,
});

/** Every tenth is refused, one fails in another way. */
const sources = (count: number, decoded: number[] = []): PictureSource[] =>
  Array.from({ length: count }, (_, i) => ({
    name: `${i}.png`,
    stamp: '1',
    prepare: async () => {
      decoded.push(i);
      if (i === 7) throw new Error('gone');
      if (i % 10 === 5) throw new PlaygroundError('pictures.damaged', { name: `${i}.png` });
      return { image: picture(i), thumbnail: Uint8Array.of(i) };
    },
  }));

async function run(index: PictureIndex, given: PictureSource[], stopAt = Infinity) {
  const clip = createModel(recipe, 20);
  const told: IndexProgress[] = [];
  const controller = new AbortController();
  const result = await embedPictures(index, given, {
    clip,
    processor: pictureProcessor(recipe.imageSize),
    signal: controller.signal,
    breathe: async () => {},
    onProgress(progress) {
      told.push(progress);
      if (progress.done >= stopAt) controller.abort();
    },
  }).catch((error: Error) => error.name);
  return { clip, told, result };
}

it('takes in what can be read, tells of the rest, and passes over what is known', async () => {
  const index = new PictureIndex('m', recipe.projectionDim);
  const { clip, told } = await run(index, sources(50));
  expect(told.at(-1)).toMatchObject({ done: 50, total: 50, known: 0 });
  const refused = told.flatMap((progress) => progress.refused);
  expect(refused.map(({ name }) => name)).toEqual(['5.png', '7.png', '15.png', '25.png', '35.png', '45.png']);
  expect(refused[0]).toMatchObject({ text: 'pictures.damaged', values: { name: '5.png' } });
  expect(refused[1]).toMatchObject({ text: 'shell.unknownError', values: { problem: 'gone' } });
  const added = told.flatMap((progress) => progress.added);
  expect(added).toHaveLength(44);
  // Each row is its own picture's.
  for (const { row, source } of added) {
    expect(index.name(row)).toBe(`${source}.png`);
    expect([...index.thumbnail(row)]).toEqual([source]);
  }
  const { row, source } = added[30]!;
  const alone = await encodeImages(clip, pictureProcessor(recipe.imageSize), [picture(source)]);
  for (const [i, value] of index.feature(row).entries()) expect(value).toBeCloseTo(alone[i]!, 5);

  const decoded: number[] = [];
  const again = await run(index, sources(52, decoded));
  expect(decoded.slice(-2)).toEqual([50, 51]);
  expect(decoded).toHaveLength(8);
  expect(again.told.at(-1)).toMatchObject({ done: 52, total: 52, known: 44 });
  expect(index.size).toBe(46);
});

it('stops, with what was taken kept and few more decoded', async () => {
  const index = new PictureIndex('m', recipe.projectionDim);
  const decoded: number[] = [];
  const { result } = await run(index, sources(200, decoded), 8);
  expect(result).toBe('AbortError');
  expect(index.size).toBeGreaterThanOrEqual(7);
  expect(index.size).toBeLessThan(20);
  expect(decoded.length).toBeLessThan(30);
});
