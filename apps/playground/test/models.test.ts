import '@crossmodal/backend-onnx';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { useBackend } from '@crossmodal/core';
import { designerById, PICTURE_SIZE } from '@crossmodal/emoji-clip';
import {
  nearest,
  PIXEL_RANGE,
  type PictureStack,
  pictureFeatures,
  stackPictures,
  textFeatures,
} from '@crossmodal/emoji-clip/browser';
import { createArtist, pixelsOf } from '@crossmodal/emoji-dalle/browser';
import type { RawImage } from '@crossmodal/processing';
import { bundleFor } from '@crossmodal/test-utils/bundle-for';
import * as tf from '@tensorflow/tfjs-core';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { licencesText } from '../tools/licences';
import { filesOf, MODELS } from '../tools/model-folder';
import { restoreShippedCLIP } from '../tools/ship-clip';
import { restoreShippedDALLE } from '../tools/ship-dalle';
import type { EmojiSheet, EmojiSheets } from '../tools/ship-emoji';
import { restoreShippedSentiment } from '../tools/ship-sentiment';
import type { ShippedModels } from '../tools/shipped-models';

const MEGABYTE = 1e6;

async function readShipped<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(join(MODELS, path), 'utf8')) as T;
}

describe('what is said of the files', () => {
  it('lists each of them with its size, a few megabytes in all', async () => {
    const { models, drawings } = await readShipped<ShippedModels>('models.json');
    expect(models.map(({ id }) => id)).toEqual(['clip', 'dalle', 'sentiment']);
    for (const { id, files, parameters } of models) {
      expect(files).toEqual(await filesOf(id));
      const weights = files.filter(({ path }) => path.endsWith('.safetensors'));
      const bytes = weights.reduce((sum, file) => sum + file.bytes, 0);
      expect(bytes / parameters).toBeGreaterThan(2); // float16 and a header
      expect(bytes / parameters).toBeLessThan(2.1);
    }
    expect(drawings.files).toEqual(await filesOf('emoji'));
    const sizeOf = (files: { bytes: number }[]) => files.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(sizeOf(models.flatMap(({ files }) => files))).toBeLessThan(10.5 * MEGABYTE);
    expect(sizeOf(drawings.files)).toBeLessThan(5 * MEGABYTE);
  });

  it('names licences that allow it, and figures far above chance', async () => {
    const list = await readShipped<ShippedModels>('models.json');
    const text = await readFile(join(MODELS, 'LICENCES.md'), 'utf8');
    expect(text).toBe(licencesText(list));
    for (const { id, designers, licence, command, figures } of list.models) {
      for (const designer of designers) {
        expect(['Apache-2.0', 'MIT', 'CC-BY-4.0']).toContain(designerById(designer).licence);
        expect(text).toContain(designerById(designer).url);
      }
      expect(licence).toMatch(/^MIT/);
      expect(command).toContain('--playground');
      expect(figures.length).toBeGreaterThan(0);
      for (const { value, float32, unit } of figures)
        expect(Math.abs(value - float32!)).toBeLessThan(unit === 'dB' ? 0.05 : 0.01);
      if (id === 'clip') for (const { value, chance } of figures) expect(value / chance!).toBeGreaterThan(50);
    }
  });
});

describe('the shipped models', () => {
  let sheets: EmojiSheets;
  let noto: PictureStack;
  beforeAll(async () => {
    await useBackend('onnx');
    sheets = await readShipped<EmojiSheets>('emoji/emoji.json');
    noto = await stackOf(sheets.sheets.find(({ designer }) => designer === 'noto')!, sheets);
  });
  const labelled = (label: string) =>
    noto.concepts.findIndex((concept) => sheets.concepts[concept]!.label === label);

  it('have two drawings of most concepts, each where it is said to be', async () => {
    const [first, second] = sheets.sheets.map(({ cells }) => new Set(cells));
    expect([...first!].filter((concept) => second!.has(concept)).length).toBeGreaterThan(1500);
    for (const { cells } of sheets.sheets) expect(new Set(cells).size).toBe(cells.length);
    const area = PICTURE_SIZE ** 2 * 4;
    const colour = (label: string) => {
      const pixels = noto.pixels.subarray(labelled(label) * area);
      return [...pixels.subarray((area + PICTURE_SIZE * 4) / 2, (area + PICTURE_SIZE * 4) / 2 + 4)]; // the middle
    };
    const [red, green, blue, alpha] = colour('red heart');
    expect(red).toBeGreaterThan(Math.max(green!, blue!) + 100);
    expect(alpha).toBe(255);
    const [redOf, , blueOf] = colour('blue heart');
    expect(blueOf).toBeGreaterThan(redOf! + 80);
  });

  it('CLIP finds drawings by words in two languages', async () => {
    const { clip, tokenizer, recipe } = await restoreShippedCLIP();
    const queries = {
      'birthday cake': 'birthday cake',
      生日蛋糕: 'birthday cake',
      'a dog': 'dog',
      红心: 'red heart',
    };
    const words = await textFeatures(clip, tokenizer, Object.keys(queries));
    const pictures = await pictureFeatures(clip, noto, recipe.imageSize);
    const hits = await nearest(words, pictures, 5);
    for (const [i, label] of Object.values(queries).entries())
      expect(hits[i]!.map(({ index }) => sheets.concepts[noto.concepts[index]!]!.label)).toContain(label);
    clip.dispose();
  });

  it('VQ-VAE draws a drawing again, and DALL-E begins one', async () => {
    const { vqvae, dalle, tokenizer, recipe } = await restoreShippedDALLE();
    const pixels = pixelsOf(noto, ['red heart', 'dog face', 'pizza'].map(labelled), recipe.imageSize);
    const [black, white] = PIXEL_RANGE;
    const error = tf.tidy(() =>
      tf.mean(tf.square(tf.div(tf.sub(vqvae.decode(vqvae.encode(pixels)), pixels), white - black))),
    );
    expect(-10 * Math.log10((await error.data())[0]!)).toBeGreaterThan(16);
    const artist = createArtist({ vqvae, dalle, tokenizer }, () => {});
    const options = { ...recipe.sampling, numImages: 1, seed: 1 };
    for await (const [image] of artist.generateRows('red heart', options)) {
      if (image!.rows < 3) continue;
      expect(image!.tokens).toHaveLength(3 * dalle.gridWidth);
      const height = 3 * recipe.vqvae.patchSize;
      expect(image!.picture).toMatchObject({ width: recipe.imageSize, height, channels: 3 });
      break;
    }
    vqvae.dispose();
    dalle.dispose();
  });

  it('tells a good sentence from a bad one, with a picture and without', async () => {
    const { model } = await restoreShippedSentiment();
    const picture = (label: string): RawImage => {
      const at = labelled(label) * PICTURE_SIZE ** 2 * 4;
      const data = noto.pixels.slice(at, at + PICTURE_SIZE ** 2 * 4);
      return { data, width: PICTURE_SIZE, height: PICTURE_SIZE, channels: 4 };
    };
    const nameOf = async (text: string, label?: string) =>
      (await model.predict({ text, ...(label && { image: picture(label) }) })).name;
    expect(await nameOf('what a wonderful day')).toBe('positive');
    expect(await nameOf('this is terrible')).toBe('negative');
    expect(await nameOf('what a wonderful day', 'smiling face with heart-eyes')).toBe('positive');
    expect(await nameOf('this is terrible', 'enraged face')).toBe('negative');
    model.dispose();
  });

  /** The drawings of a sheet, cut out of it. */
  async function stackOf({ file, cells }: EmojiSheet, { cell, columns }: EmojiSheets): Promise<PictureStack> {
    const { data, info } = await sharp(join(MODELS, 'emoji', file))
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect(info).toMatchObject({ width: columns * cell, channels: 4 });
    const pixels = new Uint8Array(cells.length * cell * cell * 4);
    for (let i = 0; i < cells.length; i++) {
      for (let y = 0; y < cell; y++) {
        const start = ((Math.floor(i / columns) * cell + y) * columns + (i % columns)) * cell * 4;
        pixels.set(data.subarray(start, start + cell * 4), (i * cell + y) * cell * 4);
      }
    }
    return stackPictures([{ pixels, concepts: Int32Array.from(cells) }], cell);
  }
});

it.each([
  '@crossmodal/emoji-clip/browser',
  '@crossmodal/emoji-dalle/browser',
  '@crossmodal/sentiment-app/browser',
])('%s reaches nothing of Node', async (entry) => {
  const path = createRequire(import.meta.url).resolve(entry);
  expect(existsSync(path)).toBe(true);
  const { text, files } = await bundleFor('browser', path);
  expect(text).not.toMatch(/["'`]node:/);
  expect(files).not.toMatch(/\.node\.ts|run-folder|load-emoji/);
});
