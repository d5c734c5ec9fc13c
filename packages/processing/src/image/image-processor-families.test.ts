import { readFileSync } from 'node:fs';
import { expectClose, readGolden } from '@crossmodal/test-utils';
import { describe, expect, it } from 'vitest';
import { type ImageInput, ImageProcessor } from './image-processor';
import type { ImageProcessorConfig } from './image-processor-config';
import { noiseImage } from './testing/noise-image';
import { torchvisionImageNet } from './torchvision-imagenet';
import { imageProcessorConfig } from './write-image-processor-config';

type Noise = [seed: number, width: number, height: number, channels: 1 | 3 | 4];
interface Family {
  name: string;
  config: Record<string, unknown>;
  small: Record<string, unknown> | null;
  written: Record<string, unknown>;
  shape: number[];
}
const { families, images } = JSON.parse(
  readFileSync(new URL('../../golden/image_processors.json', import.meta.url), 'utf8'),
) as { families: Family[]; images: { name: string; from: Noise | string }[] };
const golden = readGolden(new URL('../../golden/image_processors.safetensors', import.meta.url));
const inputs = new Map<string, ImageInput>(
  images.map(({ name, from }) => [
    name,
    typeof from === 'string' ? new Uint8Array(Buffer.from(from, 'base64')) : noiseImage(...from),
  ]),
);

/** Rounding to 8 bits is exact: only the last float operation may differ. */
async function expectPixels(processor: ImageProcessor, image: string, expected: string): Promise<void> {
  const { values, shape } = golden.array(expected);
  const ours = await processor.process(inputs.get(image)!);
  expect(ours.shape, expected).toEqual(shape);
  expectClose(ours.data, values, { absolute: 1e-6, relative: 1e-6 });
}

async function expectSample(processor: ImageProcessor, name: string): Promise<number[]> {
  const { data, shape } = await processor.process(inputs.get('landscape')!);
  const sample = data.filter((_, i) => i % 997 === 0);
  expectClose(sample, golden.array(`${name}: full`).values, { absolute: 1e-6, relative: 1e-6 });
  return shape;
}

describe.each(families)('the image processor of $name', ({ name, config, small, written, shape }) => {
  const processor = ImageProcessor.fromConfig(config);

  it("gives transformers' pixels", async () => {
    expect(await expectSample(processor, name)).toEqual(shape);
    if (!small) return;
    for (const { name: image } of images) {
      await expectPixels(ImageProcessor.fromConfig(small), image, `${name}: ${image}`);
    }
  });

  it('is written as transformers reads it', () => {
    const json = imageProcessorConfig(processor);
    expect(json).toEqual(written);
    expect(ImageProcessor.fromConfig(JSON.parse(JSON.stringify(json))).config).toEqual(processor.config);
  });
});

describe('torchvisionImageNet', () => {
  it("gives torchvision's pixels", async () => {
    await expectSample(new ImageProcessor(torchvisionImageNet), 'torchvision');
    const small = new ImageProcessor({
      ...torchvisionImageNet,
      size: { shortestEdge: 15 },
      cropSize: { width: 13, height: 13 },
    });
    for (const image of ['portrait', 'landscape', 'tiny']) {
      await expectPixels(small, image, `torchvision: ${image}`);
    }
  });
});

describe('imageProcessorConfig', () => {
  const steps = (config: Partial<ImageProcessorConfig>) => {
    const json = imageProcessorConfig(new ImageProcessor({ ...torchvisionImageNet, ...config }));
    const read = ImageProcessor.fromConfig(json).config;
    expect(read).toMatchObject({ ...config, type: json['image_processor_type'] });
    return json['image_processor_type'];
  };

  it("keeps the class where it can do the steps, and names CLIP's where it cannot", () => {
    const square = { size: { width: 8, height: 8 }, cropSize: null };
    const cropped = { size: { shortestEdge: 9 }, cropSize: { width: 8, height: 8 } };
    expect(steps({ type: 'ViTImageProcessor', ...square })).toBe('ViTImageProcessor');
    expect(steps({ type: 'ViTImageProcessor', size: null, cropSize: null })).toBe('ViTImageProcessor');
    expect(steps({ type: 'ViTImageProcessor', ...cropped })).toBe('CLIPImageProcessor');
    expect(steps({ type: 'SiglipImageProcessor', ...cropped })).toBe('CLIPImageProcessor');
    expect(steps({ type: 'EfficientNetImageProcessor', ...cropped })).toBe('CLIPImageProcessor');
    expect(steps({ type: 'ConvNextImageProcessor', ...cropped })).toBe('ConvNextImageProcessor');
    expect(steps({ type: 'ConvNextImageProcessor', size: null, cropSize: null })).toBe(
      'ConvNextImageProcessor',
    );
    expect(steps({ type: 'ConvNextImageProcessor', ...square })).toBe('CLIPImageProcessor');
  });

  it("says every size of a ConvNext's crop", () => {
    for (let edge = 1; edge < 40; edge++) {
      for (let shortestEdge = edge; shortestEdge < 3 * edge; shortestEdge++) {
        steps({
          type: 'ConvNextImageProcessor',
          size: { shortestEdge },
          cropSize: { width: edge, height: edge },
        });
      }
    }
  });
});
