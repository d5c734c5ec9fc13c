import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { colourCLIP, colourTokenizer, pixel, plainProcessor, RED_PNG } from '../test/colour-clip';
import { ImageTextRetriever } from './image-text-retriever';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const options = () => ({ clip: colourCLIP(10), tokenizer: colourTokenizer, imageProcessor: plainProcessor });

async function filled() {
  const retriever = new ImageTextRetriever(options());
  await retriever.addImages([pixel(0, 255, 0), RED_PNG]);
  await retriever.addImages([pixel(0, 0, 255), pixel(255, 255, 0)], { ids: ['sea', 'sun'] });
  await retriever.addTexts(['red', 'green and blue', 'blue']);
  return retriever;
}

describe('ImageTextRetriever', () => {
  it('searches both ways, and like by like', async () => {
    const retriever = await filled();
    const byWords = await retriever.searchImages({ text: 'red' });
    expect(byWords.map(({ id, index }) => [id, index])).toEqual([
      [RED_PNG, 1],
      ['sun', 3],
      ['0', 0],
      ['sea', 2],
    ]);
    expect(byWords[1]!.score).toBeCloseTo(Math.SQRT1_2, 6);
    const byPicture = await retriever.searchTexts({ image: pixel(0, 0, 7) }, { k: 2 });
    expect(byPicture.map(({ id }) => id)).toEqual(['blue', 'green and blue']);
    expect((await retriever.searchImages({ image: pixel(0, 0, 7) }, { k: 1 }))[0]!.id).toBe('sea');
    expect((await retriever.searchTexts({ text: 'a red thing' }, { k: 1 }))[0]!.id).toBe('red');
  });

  it('takes a stream of named images', async () => {
    const retriever = new ImageTextRetriever(options());
    async function* images() {
      yield { id: 'sea', image: pixel(0, 0, 255) };
      yield { id: 'broken', image: new Uint8Array(3) };
      yield { id: 'rose', image: pixel(255, 0, 0) };
    }
    const skipped: string[] = [];
    expect(await retriever.addImageStream(images(), { onSkip: ({ id }) => skipped.push(id) })).toBe(2);
    expect(skipped).toEqual(['broken']);
    expect((await retriever.searchImages({ text: 'red' }, { k: 1 }))[0]!.id).toBe('rose');
  });

  it('encodes in batches, with progress', async () => {
    const given = options();
    const retriever = new ImageTextRetriever(given);
    const seen: number[][] = [];
    await retriever.addImages(Array(5).fill(pixel(1, 1, 1)), {
      batchSize: 2,
      onProgress: ({ done, total }) => seen.push([done, total]),
    });
    expect(seen).toEqual([
      [2, 5],
      [4, 5],
      [5, 5],
    ]);
    expect(given.clip.visionModel.batches).toBe(3);
  });

  it('adds nothing when aborted or when an image cannot be read', async () => {
    const retriever = new ImageTextRetriever(options());
    const tensors = tf.memory().numTensors;
    const controller = new AbortController();
    const adding = retriever.addImages(Array(4).fill(pixel(1, 1, 1)), {
      batchSize: 1,
      signal: controller.signal,
      onProgress: ({ done }) => done === 2 && controller.abort(new Error('enough')),
    });
    await expect(adding).rejects.toThrow('enough');
    await expect(retriever.addImages([pixel(1, 1, 1), new Uint8Array([1, 2, 3])])).rejects.toThrow(
      'images[1]',
    );
    expect(retriever.images.size).toBe(0);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it('is the same after saving and loading', async () => {
    const retriever = await filled();
    const loaded = ImageTextRetriever.fromFiles(retriever.toFiles(), options());
    expect(loaded.toFiles()).toEqual(retriever.toFiles());
    const query = { text: 'green' };
    expect(await loaded.searchImages(query)).toEqual(await retriever.searchImages(query));
    await loaded.addTexts(['more']);
    expect(loaded.texts.size).toBe(4);
    const empty = new ImageTextRetriever(options());
    expect(ImageTextRetriever.fromFiles(empty.toFiles(), options()).images.size).toBe(0);
  });

  it('says what is wrong', async () => {
    const retriever = await filled();
    await expect(retriever.addImages([pixel(1, 1, 1)], { ids: [] })).rejects.toThrow(
      'ImageTextRetriever.addImages: ids: expected 1, one for each image, received 0.',
    );
    const files = retriever.toFiles();
    const load = (changes: object) => () => ImageTextRetriever.fromFiles({ ...files, ...changes }, options());
    expect(load({ 'index.json': '{' })).toThrow('ImageTextRetriever: index.json: is not JSON.');
    expect(load({ 'index.json': '{"version":2}' })).toThrow(
      'ImageTextRetriever: index.json: expected a crossmodal-retriever of version 1.',
    );
    const fewer = JSON.stringify({ ...JSON.parse(files['index.json']), texts: ['red'] });
    expect(load({ 'index.json': fewer })).toThrow(
      'ImageTextRetriever: index.safetensors: texts: expected shape [1, 3], received [3, 3]. Are these the index ' +
        'and the model that belong together?',
    );
    expect(load({ 'index.safetensors': files['index.safetensors'].subarray(0, 20) })).toThrow(
      'index.safetensors',
    );
  });
});
