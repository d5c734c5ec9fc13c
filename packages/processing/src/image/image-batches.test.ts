import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { CLIPImageProcessor } from './clip-image-processor';
import { type ImageBatch, type ImageBatchesOptions, imageBatches } from './image-batches';
import type { ImageInput } from './image-processor';
import { decodeGolden } from './testing/decode-golden';
import { noiseImage } from './testing/noise-image';

const folder = mkdtempSync(join(tmpdir(), 'image-batches-'));
afterAll(() => rmSync(folder, { recursive: true }));
const goldenFile = (name: string) => decodeGolden().find((c) => c.name === name)!.file;
const jpeg = join(folder, 'a.jpg');
const broken = join(folder, 'broken.jpg');
writeFileSync(jpeg, goldenFile('jpeg 420'));
writeFileSync(broken, goldenFile('jpeg 420').subarray(0, 200));
const svg = new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg" width="8" height="4"/>');

const processor = new CLIPImageProcessor({ size: { shortestEdge: 8 }, cropSize: { width: 8, height: 8 } });
const mixed: ImageInput[] = [
  jpeg,
  broken,
  noiseImage(1, 30, 20, 3),
  pathToFileURL(jpeg),
  goldenFile('png grey'),
  new Blob([Buffer.from(goldenFile('gif'))]),
  join(folder, 'missing.png'),
  noiseImage(2, 9, 9, 4),
];

async function collect(
  images: Iterable<ImageInput> | AsyncIterable<ImageInput>,
  options: ImageBatchesOptions,
) {
  const batches: ImageBatch[] = [];
  for await (const batch of imageBatches(processor, images, options)) batches.push(batch);
  return batches;
}

describe.each([0, 2])('imageBatches with %i worker threads', (threads) => {
  it('gives what process gives, in order, and names what failed', async () => {
    const progress: unknown[] = [];
    const batches = await collect(mixed, { batchSize: 4, threads, onProgress: (p) => progress.push(p) });
    expect(batches.map(({ indices }) => indices)).toEqual([
      [0, 2, 3, 4],
      [5, 7],
    ]);
    expect(batches.map(({ shape }) => shape)).toEqual([
      [4, 8, 8, 3],
      [2, 8, 8, 3],
    ]);
    for (const { data, indices } of batches) {
      const alone = await processor.process(indices.map((i) => mixed[i]!));
      expect(data).toEqual(alone.data);
    }
    const failures = batches.flatMap((batch) => batch.failures);
    expect(failures.map(({ index, name }) => [index, name])).toEqual([
      [1, broken],
      [6, join(folder, 'missing.png')],
    ]);
    expect(failures[0]!.error.message).toMatch(/^decodeImage: ".*broken\.jpg": is a damaged JPEG/);
    expect(failures[1]!.error.message).toMatch(/missing\.png": cannot be read: ENOENT/);
    expect(progress).toHaveLength(8);
    expect(progress.at(-1)).toEqual({ done: 8, failed: 2, total: 8 });
  });

  it('runs ahead of the caller by no more than a batch and what is in work', async () => {
    let taken = 0;
    let isClosed = false;
    async function* endless() {
      try {
        for (;;) {
          taken++;
          yield noiseImage(taken, 10, 10, 3);
        }
      } finally {
        isClosed = true;
      }
    }
    for await (const { shape } of imageBatches(processor, endless(), { batchSize: 5, threads })) {
      expect(shape[0]).toBe(5);
      break;
    }
    expect(taken).toBeLessThanOrEqual(5 + 5 + 4);
    expect(isClosed).toBe(true);
  });

  it('ends when told', async () => {
    const controller = new AbortController();
    const run = collect(Array(100).fill(jpeg), {
      batchSize: 2,
      threads,
      signal: controller.signal,
      onProgress: ({ done }) => done === 3 && controller.abort(new Error('enough')),
    });
    await expect(run).rejects.toThrow('enough');
    await expect(collect([jpeg], { threads, signal: AbortSignal.abort(new Error('never')) })).rejects.toThrow(
      'never',
    );
  });

  it('gives nothing for nothing, and a batch without rows for nothing but failures', async () => {
    expect(await collect([], { threads })).toEqual([]);
    const [batch] = await collect([broken, 5 as never, svg], { threads });
    expect(batch!.shape).toEqual([0, 8, 8, 3]);
    expect(batch!.failures[1]!.error.message).toBe(
      'decodeImage: source: expected a path, URL, Uint8Array or Blob, received 5.',
    );
    expect(batch!.failures[2]!.error.message).toContain('is an SVG; pass svg: true');
  });
});

it('says what is wrong', async () => {
  await expect(collect([jpeg], { batchSize: 0 })).rejects.toThrow(
    'imageBatches: batchSize: expected an integer of at least 1, received 0.',
  );
  await expect(collect([jpeg], { threads: -1 })).rejects.toThrow(
    'imageBatches: threads: expected an integer of at least 0, received -1.',
  );
  const uncropped = new CLIPImageProcessor({ cropSize: null });
  await expect(imageBatches(uncropped, [jpeg]).next()).rejects.toThrow(
    'imageBatches: processor: its images have sizes of their own; give it a cropSize, or a size of width and height.',
  );
});
