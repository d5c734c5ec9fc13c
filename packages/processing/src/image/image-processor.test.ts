import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CLIPImageProcessor } from './clip-image-processor';
import { ImageProcessor } from './image-processor';
import { decodeGolden } from './testing/decode-golden';
import { noiseImage } from './testing/noise-image';
import { sha256 as sha256Of } from './testing/sha256';

interface Case {
  config: Record<string, unknown>;
  seed: number;
  from: [width: number, height: number, channels: 1 | 3];
  shape: number[];
  sha256: string;
  first: number[];
}
const golden: { processed: Case[] } = JSON.parse(
  readFileSync(new URL('../../golden/preprocess.json', import.meta.url), 'utf8'),
);
const files = decodeGolden();
const file = (name: string) => files.find((c) => c.name === name)!.file;

describe('ImageProcessor', () => {
  it("gives transformers' floats, bit for bit", async () => {
    expect(golden.processed.length).toBe(20);
    for (const { config, seed, from, shape, sha256, first } of golden.processed) {
      const { data, shape: ours } = await ImageProcessor.fromConfig(config).process(
        noiseImage(seed, ...from),
      );
      expect(ours).toEqual(shape);
      expect(Array.from(data.slice(0, 6))).toEqual(first);
      expect(`${JSON.stringify(config)} of ${from}: ${sha256Of(data)}`).toBe(
        `${JSON.stringify(config)} of ${from}: ${sha256}`,
      );
    }
  });

  it("has OpenAI's constants by default", () => {
    expect(new CLIPImageProcessor().config).toEqual({
      type: 'CLIPImageProcessor',
      alpha: 'drop',
      size: { shortestEdge: 224 },
      filter: 'bicubic',
      cropSize: { width: 224, height: 224 },
      rounding: 'torchvision',
      rescaleFactor: 1 / 255,
      mean: [0.48145466, 0.4578275, 0.40821073],
      std: [0.26862954, 0.26130258, 0.27577711],
    });
  });

  it("has SigLIP's defaults for a SigLIP checkpoint", () => {
    const { config } = ImageProcessor.fromConfig({
      image_processor_type: 'SiglipImageProcessor',
      resample: 3,
    });
    expect(config).toMatchObject({
      size: { width: 224, height: 224 },
      cropSize: null,
      mean: [0.5, 0.5, 0.5],
      std: [0.5, 0.5, 0.5],
    });
  });

  it('keeps the order of mixed inputs, however they finish', async () => {
    const processor = new CLIPImageProcessor({
      size: { shortestEdge: 8 },
      cropSize: { width: 8, height: 8 },
    });
    const inputs = [
      file('jpeg 420'),
      noiseImage(1, 30, 20, 4),
      new Blob([Buffer.from(file('gif'))]),
      file('png grey'),
      noiseImage(2, 9, 9, 1),
    ];
    const many = [...inputs, ...inputs, ...inputs];
    const { data, shape } = await processor.process(many, { concurrency: 3 });
    expect(shape).toEqual([15, 8, 8, 3]);
    for (const [i, input] of many.entries()) {
      const one = await processor.process(input);
      expect(Array.from(data.slice(i * 192, i * 192 + 192))).toEqual(Array.from(one.data));
    }
  });

  it('names the image that cannot be used', async () => {
    const processor = new CLIPImageProcessor();
    await expect(processor.process([file('gif'), new Uint8Array([1, 2, 3])])).rejects.toThrow(
      'ImageProcessor.process: images[1]: decodeImage: the image: expected a PNG',
    );
    await expect(processor.process([null as never])).rejects.toThrow(
      'ImageProcessor.process: images[0]: decodeImage: source: expected a path, URL, Uint8Array or Blob, received null.',
    );
    await expect(processor.process([])).rejects.toThrow(
      'ImageProcessor.process: images: expected at least one, received none.',
    );
    await expect(processor.process(file('gif'), { concurrency: 0 })).rejects.toThrow(
      'concurrency: expected an integer of at least 1, received 0.',
    );
    const uncropped = new CLIPImageProcessor({ size: { shortestEdge: 8 }, cropSize: null });
    await expect(uncropped.process([noiseImage(1, 8, 8, 3), noiseImage(1, 8, 16, 3)])).rejects.toThrow(
      'ImageProcessor.process: images[1]: expected 8 x 8 after preparation like the others, received 8 x 16; set cropSize, or process them singly.',
    );
  });

  it('refuses a configuration that it cannot follow', () => {
    const from = (json: unknown) => () => ImageProcessor.fromConfig(json);
    expect(from('x')).toThrow('ImageProcessor.fromConfig: json: expected an object, received "x".');
    expect(from({ image_processor_type: 'DPTImageProcessor' })).toThrow(
      'ImageProcessor.fromConfig: image_processor_type: expected that of CLIP, ChineseCLIP, Siglip, ViT, ConvNext, EfficientNet, received "DPTImageProcessor".',
    );
    expect(from({ size: { longest_edge: 3 } })).toThrow(
      'ImageProcessor.fromConfig: size: expected a number, {"shortest_edge"} or {"height", "width"}, received {"longest_edge":3}.',
    );
    expect(from({ resample: 5 })).toThrow(
      'resample: expected 0 (nearest), 1 (lanczos), 2 (bilinear), 3 (bicubic) or 4 (box), received 5.',
    );
    expect(from({ image_mean: [1, 2] })).toThrow('image_mean: expected three numbers, received [1, 2].');
    expect(from({ image_std: [1, 0, 1] })).toThrow(
      'ImageProcessor: std: expected three numbers above 0, received [1, 0, 1].',
    );
    expect(from({ rescale_factor: 'x' })).toThrow(
      'ImageProcessor.fromConfig: rescale_factor: expected a number above 0, received "x".',
    );
    expect(from({ do_resize: 'yes' })).toThrow('do_resize: expected true or false, received "yes".');
    expect(from({ do_pad: true })).toThrow('do_pad: expected false, received true.');
    const convNext = { image_processor_type: 'ConvNextImageProcessor' };
    expect(from({ ...convNext, size: { height: 8, width: 8 } })).toThrow(
      'ImageProcessor.fromConfig: size: expected {"shortest_edge"}, received ',
    );
    expect(from({ ...convNext, do_center_crop: true, crop_size: 8 })).toThrow(
      'do_center_crop: expected false (crop_pct crops), received true.',
    );
    expect(from({ ...convNext, size: 224, crop_pct: 0 })).toThrow(
      'crop_pct: expected a number above 0, received 0.',
    );
  });
});
