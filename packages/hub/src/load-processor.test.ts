import { readdirSync, readFileSync } from 'node:fs';
import { isCrossmodalError } from '@crossmodal/core';
import { type ImageProcessor, imageProcessorConfig, type RawImage } from '@crossmodal/processing';
import { expectClose, readGolden } from '@crossmodal/test-utils';
import { describe, expect, it } from 'vitest';
import { loadProcessor } from './load-processor';
import { filesInMemory } from './model-files';

interface Golden {
  texts: string[];
  images: [seed: number, width: number, height: number, channels: 1 | 3 | 4][];
  processors: { name: string; saved: string[] }[];
}
const at = (path: string) => new URL(`../golden/${path}`, import.meta.url);
const { texts, images, processors }: Golden = JSON.parse(readFileSync(at('processors.json'), 'utf8'));
const golden = readGolden(at('processors.safetensors'));

function folder(name: string): Record<string, Uint8Array> {
  const files = readdirSync(at(`processors/${name}`));
  return Object.fromEntries(
    files.map((f) => [f, new Uint8Array(readFileSync(at(`processors/${name}/${f}`)))]),
  );
}

/** The same as the recipe makes. */
const pictures = images.map(([seed, width, height, channels]): RawImage => {
  const data = new Uint8Array(width * height * channels);
  let state = seed;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[i] = state >>> 24;
  }
  return { data, width, height, channels };
});

async function expectGolden(name: string, files: Record<string, Uint8Array>): Promise<ImageProcessor> {
  const { imageProcessor, tokenizer } = await loadProcessor(filesInMemory(files, name));
  const pixels = golden.array(`${name}: pixel_values`);
  const ours = await imageProcessor!.process(pictures);
  expect(ours.shape).toEqual(pixels.shape);
  expectClose(ours.data, pixels.values, { absolute: 1e-6, relative: 1e-6 });
  const ids = golden.array(`${name}: input_ids`);
  const rows = tokenizer!.tokenize(texts);
  expect(rows.shape).toEqual(ids.shape);
  expect([...rows.inputIds]).toEqual([...ids.values]);
  return imageProcessor!;
}

describe.each(processors)('loadProcessor with the files of a $name', ({ name, saved }) => {
  it("does what transformers' processor does, from files as repositories have them", async () => {
    const files = folder(name);
    await expectGolden(name, files);
    const { 'config.json': _, ...own } = files;
    const processor = await loadProcessor(filesInMemory(files));
    expect(processor.files).toEqual(own);
  });

  it('does so from files as transformers 5 writes them', async () => {
    const files = folder(`${name}-5`);
    expect(Object.keys(files).sort()).toEqual(saved);
    await expectGolden(name, files);
  });

  it('does so after what it says of images has been written', async () => {
    const files = folder(name);
    const { imageProcessor } = await loadProcessor(filesInMemory(files));
    const json = JSON.stringify(imageProcessorConfig(imageProcessor!));
    await expectGolden(name, { ...files, 'preprocessor_config.json': new TextEncoder().encode(json) });
  });
});

describe('loadProcessor', () => {
  const load = (files: Record<string, Uint8Array | string>) =>
    loadProcessor(filesInMemory(files, 'org/model'));
  const [clip, bert] = [folder('clip'), folder('chinese-clip')];

  it('has what the files say of, and nothing else', async () => {
    expect(await load({ 'model.safetensors': '' })).toEqual({ files: {} });
    const images = await load({ 'preprocessor_config.json': clip['preprocessor_config.json']! });
    expect([images.imageProcessor !== undefined, images.tokenizer]).toEqual([true, undefined]);
    const { tokenizer, imageProcessor } = await load({ 'vocab.txt': bert['vocab.txt']! });
    expect([tokenizer!.contextLength, tokenizer!.padding, imageProcessor]).toEqual([
      undefined,
      'longest',
      undefined,
    ]);
  });

  it('cuts texts to what the model takes', async () => {
    const lengthOf = async (config: object, tokenizerConfig: object) => {
      const files = { ...bert, 'config.json': JSON.stringify(config) };
      const { tokenizer } = await load({
        ...files,
        'tokenizer_config.json': JSON.stringify(tokenizerConfig),
      });
      return [tokenizer!.contextLength, tokenizer!.padding];
    };
    const unlimited = { model_max_length: 1e30 };
    expect(await lengthOf({ model_type: 'bert', max_position_embeddings: 40 }, unlimited)).toEqual([
      40,
      'longest',
    ]);
    expect(
      await lengthOf({ model_type: 'bert', max_position_embeddings: 40 }, { model_max_length: 30 }),
    ).toEqual([30, 'longest']);
    expect(await lengthOf({ model_type: 'chinese_clip' }, {})).toEqual([52, 'longest']);
    expect(await lengthOf({ model_type: 'align' }, unlimited)).toEqual([64, 'contextLength']);
  });

  it('names the file and the key that it cannot use', async () => {
    const failure = async (files: Record<string, Uint8Array | string>) => {
      const error = await load(files).catch((error: unknown) => error);
      expect(isCrossmodalError(error)).toBe(true);
      return (error as Error).message;
    };
    expect(await failure({ 'preprocessor_config.json': '{' })).toBe(
      'org/model/preprocessor_config.json: is not JSON. Is the file cut short?',
    );
    expect(await failure({ 'preprocessor_config.json': '{"size": "large"}' })).toBe(
      'loadProcessor: org/model/preprocessor_config.json: ImageProcessor.fromConfig: size: expected a number, ' +
        '{"shortest_edge"} or {"height", "width"}, received "large".',
    );
    expect(await failure({ 'processor_config.json': '{"image_processor": {"resample": 9}}' })).toContain(
      'loadProcessor: org/model/processor_config.json: image_processor: ImageProcessor.fromConfig: resample: expected 0',
    );
    expect(await failure({ 'processor_config.json': '{"image_processor": 3}' })).toContain(
      'ImageProcessor.fromConfig: json: expected an object, received 3.',
    );
    expect(await failure({ ...clip, 'merges.txt': 'a\n' })).toBe(
      'loadProcessor: org/model: loadTokenizerFiles: merges.txt: line 1: expected two tokens, received "a".',
    );
    expect(await failure({ ...clip, 'tokenizer.json': '{"model": {}}' })).toContain(
      'loadProcessor: org/model: loadTokenizer: tokenizerJson: not a tokenizer that can be read here: ',
    );
  });
});
