import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import { Rng } from '@crossmodal/core';
import {
  type DVAE,
  EMAVectorQuantizer,
  PatchDecoder,
  PatchEncoder,
  type VQGAN,
  VQVAE,
} from '@crossmodal/vqvae';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ImageTokenizer } from './image-tokenizer';
import { generateImageTokens } from './sampling/generate-image-tokens';
import { TextToImage } from './text-to-image';
import { DALLE } from './transformer/dalle';

/** Each letter is a token, and the last token ends a text. */
const END = 26;
const tokenizer = {
  tokenize(texts: readonly string[], { contextLength }: { contextLength: number }) {
    const rows = texts.map((text) => [
      ...[...text].map((letter) => letter.charCodeAt(0) - 97).slice(0, contextLength - 1),
      END,
    ]);
    const length = Math.max(...rows.map((row) => row.length));
    const flat = (of: (row: number[], i: number) => number) =>
      Int32Array.from(rows.flatMap((row) => Array.from({ length }, (_, i) => of(row, i))));
    return {
      inputIds: flat((row, i) => row[i] ?? 0),
      attentionMask: flat((row, i) => Number(i < row.length)),
      shape: [texts.length, length] as [number, number],
    };
  },
};

/** A token is a grey of 2 x 2 pixels. */
const imageTokenizer: ImageTokenizer = {
  codebookSize: 9,
  encode: () => {
    throw new Error('not used');
  },
  decode: (indices) =>
    tf.tidy(() => {
      const [batch, height, width] = indices.shape;
      const greys = tf.reshape(tf.div(tf.cast(indices, 'float32'), 8), [batch, height, width, 1]);
      const large = tf.image.resizeNearestNeighbor(greys as tf.Tensor4D, [2 * height, 2 * width]);
      return tf.tile(large, [1, 1, 1, 3]);
    }),
};

function build(): DALLE {
  const model = new DALLE({
    ...{ textVocabSize: 27, textLength: 4, codebookSize: 9, gridHeight: 3, gridWidth: 4 },
    ...{ hiddenSize: 16, numLayers: 2, numHeads: 2, attentionKinds: ['row', 'full'] as const },
    rng: new Rng(1),
  });
  const rng = new Rng(2);
  for (const parameter of model.namedParameters().values()) {
    const noise = tf.tensor(rng.normalArray(parameter.size, 0, 0.4), parameter.shape);
    parameter.assign(tf.add(parameter.value, noise));
  }
  return model;
}

describe.each(['cpu', 'onnx'])('TextToImage on %s', (backend) => {
  let model: DALLE;
  beforeEach(async () => {
    await tf.setBackend(backend);
    model = build();
  });
  afterEach(() => model.dispose());

  it('draws images of each prompt', async () => {
    const artist = new TextToImage({ model, tokenizer, imageTokenizer });
    const before = tf.memory().numTensors;
    const images = await artist.generate(['ab', 'c'], { numImages: 2, seed: 3, guidanceScale: 2 });
    expect(tf.memory().numTensors).toBe(before);
    expect(images.map(({ prompt }) => prompt)).toEqual(['ab', 'ab', 'c', 'c']);
    expect(new Set(images.map(({ tokens }) => tokens.join(' '))).size).toBe(4);
    for (const { tokens, rows, picture } of images) {
      expect(rows).toBe(3);
      expect(tokens).toHaveLength(12);
      expect(picture).toMatchObject({ width: 8, height: 6, channels: 3 });
      const expected = Array.from({ length: 6 * 8 * 3 }, (_, i) => {
        const [y, x] = [Math.floor(i / 24), Math.floor(i / 3) % 8];
        return Math.round((tokens[Math.floor(y / 2) * 4 + Math.floor(x / 2)]! / 8) * 255);
      });
      for (const [i, value] of expected.entries())
        expect(Math.abs(picture!.data[i]! - value)).toBeLessThanOrEqual(1);
    }
  });

  it('makes the same images of a seed, whatever is made beside them', async () => {
    const options = { seed: 5, topK: 8, topP: 0.99, temperature: 2 };
    const texts = [[1, 2], [3]];
    const [first] = await generateImageTokens(model, texts, { ...options, numImages: 2 });
    const [alone] = await generateImageTokens(model, texts.slice(0, 1), options);
    const [other] = await generateImageTokens(model, texts.slice(0, 1), { ...options, seed: 6 });
    expect(alone).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it('shows the images as they grow', async () => {
    const artist = new TextToImage({ model, tokenizer, imageTokenizer });
    const [whole] = await artist.generate('ab', { seed: 3 });
    const tokens: number[] = [];
    const onToken = ([token]: readonly number[], count: number) => {
      tokens.push(token!);
      expect(tokens).toHaveLength(count);
    };
    let rows = 0;
    for await (const [image] of artist.generateRows('ab', { seed: 3, onToken })) {
      rows++;
      expect(image!.rows).toBe(rows);
      expect(image!.tokens).toEqual(whole!.tokens.slice(0, 4 * rows));
      expect(image!.picture!.height).toBe(2 * rows);
      expect(image!.picture!.data).toEqual(whole!.picture!.data.subarray(0, 48 * rows));
    }
    expect(rows).toBe(3);
    expect(tokens).toEqual(whole!.tokens);
  });

  it('goes on from the first tokens of an image', async () => {
    const [whole] = await generateImageTokens(model, [[1]], { temperature: 0 });
    for (const primed of [4, 6, 11]) {
      const prime = whole!.slice(0, primed);
      expect(await generateImageTokens(model, [[1]], { temperature: 0, prime })).toEqual([whole]);
    }
    const prime = [8, 8, 8, 8];
    const images = await generateImageTokens(model, [[1], [2]], { prime, guidanceScale: 2 });
    for (const image of images) expect(image.slice(0, 4)).toEqual(prime);
  });

  it('releases everything when it is aborted, or left', async () => {
    const before = tf.memory().numTensors;
    const controller = new AbortController();
    const onToken = (_: readonly number[], count: number) => {
      if (count === 6) controller.abort(new Error('enough'));
    };
    const artist = new TextToImage({ model, tokenizer, imageTokenizer });
    await expect(artist.generate('ab', { signal: controller.signal, onToken })).rejects.toThrow('enough');
    expect(tf.memory().numTensors).toBe(before);
    for await (const _ of artist.generateRows('ab')) break;
    expect(tf.memory().numTensors).toBe(before);
    const onThrow = () => {
      throw new Error('broken');
    };
    await expect(artist.generate('ab', { onToken: onThrow })).rejects.toThrow('broken');
    expect(tf.memory().numTensors).toBe(before);
  });
});

it('takes the image tokenizers of the package of VQ-VAEs, and the first rows of a picture', async () => {
  await tf.setBackend('cpu');
  const rng = new Rng(1);
  const [encoder, decoder] = [
    new PatchEncoder({ patchSize: 2, rng }),
    new PatchDecoder({ patchSize: 2, rng }),
  ];
  const quantizer = new EMAVectorQuantizer({ codebookSize: 9, dim: encoder.outChannels, rng });
  const tokenizers: [ImageTokenizer, ...(VQGAN | DVAE)[]] = [new VQVAE({ encoder, quantizer, decoder, rng })];
  const [vqvae] = tokenizers;
  const codes = vqvae.encode(tf.randomUniform([1, 6, 8, 3], 0, 1, 'float32', 1)); // [1, 3, 4]
  const prime = Array.from(codes.dataSync()).slice(0, 8);
  const artist = new TextToImage({ model: build(), tokenizer, imageTokenizer: vqvae });
  const [image] = await artist.generate('ab', { prime });
  expect(image!.tokens.slice(0, 8)).toEqual(prime);
  expect(image!.picture).toMatchObject({ width: 8, height: 6 });
});

describe('TextToImage', () => {
  beforeEach(async () => {
    await tf.setBackend('cpu');
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('cuts prompts that are too long, and says so', async () => {
    const model = build();
    const warnings: string[] = [];
    const onWarning = (message: string) => warnings.push(message);
    const artist = new TextToImage({ model, tokenizer, onWarning });
    const [long, fits] = await artist.generate(['abcdef', 'abc'], { temperature: 0 });
    expect(warnings).toEqual([
      'TextToImage: prompt: expected at most 4 tokens, received more: cut "abcdef".',
    ]);
    expect(long!.tokens).toEqual(fits!.tokens); // both are a, b, c, end
    expect(long!.picture).toBeUndefined();

    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const quiet = new TextToImage({ model, tokenizer });
    await quiet.generate('abcdef', { temperature: 0 });
    await quiet.generate('abcdefg', { temperature: 0 });
    expect(warn.mock.calls).toEqual([
      ['TextToImage: prompt: expected at most 4 tokens, received more: cut "abcdef".'],
    ]);
  });

  it('says what cannot be', async () => {
    const model = build();
    expect(
      () => new TextToImage({ model, tokenizer, imageTokenizer: { ...imageTokenizer, codebookSize: 8 } }),
    ).toThrow("TextToImage: imageTokenizer: expected the model's 9 tokens, received 8.");
    const generate = (options: object, texts: number[][] = [[1]]) =>
      generateImageTokens(model, texts, options);
    const cases: [object, string][] = [
      [{ temperature: -1 }, 'generate: temperature: expected a number of at least 0, received -1.'],
      [{ topK: 0 }, 'generate: topK: expected an integer of at least 1, received 0.'],
      [{ topP: 1.5 }, 'generate: topP: expected a number above 0 and at most 1, received 1.5.'],
      [{ guidanceScale: NaN }, 'generate: guidanceScale: expected a number, received NaN.'],
      [{ numImages: 0 }, 'generate: numImages: expected an integer of at least 1, received 0.'],
      [{ prime: Array(12).fill(0) }, 'generate: prime: expected at most 11 tokens, received 12.'],
      [{ prime: [9] }, 'generate: prime: expected ids from 0 to 8, received 9.'],
    ];
    for (const [options, message] of cases) await expect(generate(options)).rejects.toThrow(message);
    await expect(generate({}, [])).rejects.toThrow('generate: texts: expected one or more, received none.');
    await expect(generate({}, [[27]])).rejects.toThrow(
      'generate: texts: expected ids from 0 to 26, received 27.',
    );
    await expect(generate({}, [[0, 0, 0, 0, 0]])).rejects.toThrow(
      'generate: texts: expected at most 4 tokens, received 5.',
    );
  });
});
