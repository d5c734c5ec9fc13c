import '@tensorflow/tfjs-backend-cpu';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  AdamW,
  constantSchedule,
  Linear,
  MemoryCheckpointStore,
  Module,
  Rng,
  Trainer,
} from '@crossmodal/core';
import { CLIPImageProcessor, decodeImage, flipHorizontal, type Tokenizer } from '@crossmodal/processing';
import { expectNoLeak, useTestEngine } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { mapSamples } from '../map-samples';
import type { ImageTextSample } from '../sample';
import type { SampleSource } from '../sample-source';
import type { SamplesOptions } from '../sample-stream';
import { samples } from '../samples';
import { webDataset } from '../sources/web-dataset';
import { collect, numbers, png, temporaryFolder, writeTar } from '../testing/fixtures';
import type { ImageTextBatch } from './image-text-batch';
import { type ImageTextBatchesOptions, imageTextBatches } from './image-text-batches';
import { toTensors } from './to-tensors';

const folder = temporaryFolder();
const imageProcessor = new CLIPImageProcessor({ size: { width: 3, height: 2 }, cropSize: null });

/** A token a character. */
const tokenizer = {
  tokenize(texts: readonly string[]) {
    const length = 9;
    const inputIds = Int32Array.from(
      texts.flatMap((t) => Array.from({ length }, (_, i) => t.charCodeAt(i) || 0)),
    );
    const attentionMask = inputIds.map((id) => (id > 0 ? 1 : 0));
    return { inputIds, attentionMask, shape: [texts.length, length] };
  },
} as unknown as Tokenizer;

/** Pictures by number, every fifth broken, with two texts each. */
function pictures(shards: number, each: number): SampleSource<ImageTextSample> {
  return mapSamples(numbers(shards, each), (n) => {
    const image = n % 5 === 3 ? new Uint8Array([0xff, 0xd8, 0xff, n]) : png(4, 3, [n, 2 * n, 255 - n]);
    return { key: `${n}`, image, texts: [`first ${n}`, `other ${n}`], metadata: {} };
  });
}
const base = { imageProcessor, tokenizer, batchSize: 4, threads: 0 };
const random = (): Partial<ImageTextBatchesOptions<ImageTextBatch>> => ({
  captions: 'random',
  augment: (image, rng) =>
    rng.bernoulli(0.5) ? flipHorizontal(image) : { ...image, data: image.data.map((v) => v ^ 1) },
  rng: new Rng(6),
});
const shuffled = (): SamplesOptions => ({ shuffle: true, shuffleBuffer: 6, rng: new Rng(3) });

describe('imageTextBatches', () => {
  beforeAll(async () => {
    await useTestEngine();
  });

  it.each([0, 1])(
    'decodes, prepares and tokenizes in the order of the stream, with %i threads',
    async (threads) => {
      const path = join(folder, 'nine.png');
      writeFileSync(path, png(9, 9, [90, 90, 90]));
      const source = mapSamples(pictures(1, 12), (sample) =>
        sample.key === '9' ? { ...sample, image: path } : sample,
      );
      const stream = samples(source);
      const batches = await collect(imageTextBatches(stream, { ...base, threads }));
      const good = [0, 1, 2, 4, 5, 6, 7, 9, 10, 11]; // 3 and 8 are broken
      expect(batches.map(({ keys }) => keys.map(Number))).toEqual([
        good.slice(0, 4),
        good.slice(4, 8),
        good.slice(8),
      ]);
      const whole = await collect(samples(source));
      for (const { pixelValues, inputIds, attentionMask, texts, keys } of batches) {
        const images = await Promise.all(keys.map((key) => decodeImage(whole[Number(key)]!.image)));
        expect(pixelValues).toEqual(await imageProcessor.process(images));
        expect(texts).toEqual(keys.map((key) => `first ${key}`));
        const tokens = tokenizer.tokenize(texts);
        expect(inputIds).toEqual({ data: tokens.inputIds, shape: [keys.length, 9] });
        expect(attentionMask).toEqual({ data: tokens.attentionMask, shape: [keys.length, 9] });
      }
      const { read, skipped, reasons } = stream.report();
      expect([read, skipped]).toEqual([12, 2]);
      expect(reasons[0]!.reason).toBe('damaged image');
      expect(reasons[0]!.examples.map(({ key }) => key)).toEqual(['3', '8']);
      expect(reasons[0]!.examples[0]!.detail).toMatch(/is a damaged JPEG/);
      const dropped = await collect(imageTextBatches(samples(source), { ...base, dropLast: true }));
      expect(dropped).toEqual(batches.slice(0, 2));
    },
  );

  it('draws texts and changes images by seed, epoch and sample', async () => {
    const whole = imageTextBatches(samples(pictures(1, 40)), { ...base, ...random() });
    const first = await collect(whole);
    const texts = first.flatMap((batch) => batch.texts);
    expect(
      texts.some((text) => text.startsWith('first')) && texts.some((text) => text.startsWith('other')),
    ).toBe(true);
    expect((await collect(whole)).flatMap((batch) => batch.texts)).not.toEqual(texts);
    const other = imageTextBatches(samples(pictures(1, 40)), { ...base, ...random(), batchSize: 7 });
    expect((await collect(other)).flatMap((batch) => batch.texts)).toEqual(texts); // whatever the batches
    const plain = await collect(imageTextBatches(samples(pictures(1, 40)), base));
    expect(first[0]!.pixelValues).not.toEqual(plain[0]!.pixelValues);
  });

  it.each([
    ['plain', {}, {}],
    ['shuffled, random, augmented', shuffled(), random()],
    ['last batch dropped', shuffled(), { dropLast: true }],
  ])('goes on exactly after any batch: %s', async (_, streamOptions, options) => {
    const make = () => imageTextBatches(samples(pictures(3, 9), streamOptions), { ...base, ...options });
    const whole = make();
    const expected = [...(await collect(whole)), ...(await collect(whole))];
    expect(whole.state()).toMatchObject({ epoch: 2, position: 0 });
    for (let stop = 0; stop < expected.length; stop++) {
      const before = make();
      const taken: ImageTextBatch[] = [];
      while (taken.length < stop) taken.push(...(await collect(before, stop - taken.length)));
      const state = JSON.parse(JSON.stringify(before.state()));
      const after = make();
      after.restore(state);
      while (taken.length < expected.length) taken.push(...(await collect(after)));
      expect(taken).toEqual(expected);
      const rest = await collect(before); // the same object, too
      expect(rest).toEqual(expected.slice(stop, stop + rest.length));
    }
  });

  it('makes tensors that the caller owns', async () => {
    const [batch] = await collect(imageTextBatches(samples(pictures(1, 9)), base), 1);
    expectNoLeak(() => tf.dispose(toTensors(batch!)));
    const { pixelValues, inputIds, attentionMask } = toTensors(batch!);
    expect([pixelValues, inputIds, attentionMask].map(({ shape, dtype }) => [shape, dtype])).toEqual([
      [[4, 2, 3, 3], 'float32'],
      [[4, 9], 'int32'],
      [[4, 9], 'int32'],
    ]);
    expect([...pixelValues.dataSync()]).toEqual([...batch!.pixelValues.data]);
    tf.dispose([pixelValues, inputIds, attentionMask]);
  });

  it('closes the source when a loop is left', async () => {
    let isClosed = false;
    const [shard] = await pictures(1, 100).shards();
    const source: SampleSource<ImageTextSample> = {
      shuffleBuffer: 0,
      shards: async () => [
        {
          name: 'closes',
          async *read(from) {
            try {
              yield* shard!.read(from);
            } finally {
              isClosed = true;
            }
          },
        },
      ],
    };
    await collect(imageTextBatches(samples(source), base), 1);
    expect(isClosed).toBe(true);
  });

  it('stops when most pictures are broken, and refuses bad options', async () => {
    const broken = mapSamples(pictures(1, 400), (sample) => ({ ...sample, image: new Uint8Array([1]) }));
    await expect(collect(imageTextBatches(samples(broken), base))).rejects.toThrow(
      /^samples: \d+ of \d+ samples cannot be used, more than maxSkipShare = 0\.5\.\n {2}damaged image: /,
    );
    const stream = samples(pictures(1, 4));
    expect(() => imageTextBatches(stream, { ...base, batchSize: 0 })).toThrow(
      'imageTextBatches: batchSize: expected an integer from 1, received 0.',
    );
    expect(() => imageTextBatches(stream, { ...base, captions: 'random' })).toThrow(
      "imageTextBatches: captions: 'random' and augment need rng: new Rng(seed).",
    );
    const state = imageTextBatches(stream, { ...base, ...random() }).state();
    expect(() => imageTextBatches(stream, base).restore(state)).toThrow(
      'imageTextBatches: restore: the state is of batches with rng, these are not.',
    );
    expect(() =>
      imageTextBatches(stream, base).restore({ epoch: 0, position: 0, rng: null } as never),
    ).toThrow('imageTextBatches: restore: expected what state() gave, received something else.');
  });
});

class Model extends Module {
  readonly linear = new Linear(18, 1, { rng: new Rng(4) });
}

describe('a Trainer fed by imageTextBatches', () => {
  it('that is killed and resumed sees every batch, and ends at the weights, of one that was not', async () => {
    await useTestEngine();
    for (let shard = 0; shard < 3; shard++) {
      const entries = Array.from({ length: 9 }, (_, i) => {
        const key = `${shard}-${i}`;
        const image = i === 4 ? new Uint8Array([1, 2]) : png(4, 3, [i * 20, shard * 50, 77]);
        return [
          [`${key}.png`, image],
          [`${key}.txt`, `text ${key}`],
        ] as const;
      });
      await writeTar(join(folder, `train-${shard}.tar`), entries.flat());
    }
    const store = new MemoryCheckpointStore();
    /** A process; `kill` is the batch in which it dies. */
    const run = async (checkpoints: MemoryCheckpointStore, kill = Infinity) => {
      const seen: string[] = [];
      const model = new Model();
      const stream = samples(webDataset(join(folder, 'train-{0..2}.tar')), shuffled());
      const data = imageTextBatches(stream, {
        ...base,
        ...random(),
        collate: (batch) => {
          seen.push(batch.texts.join());
          return toTensors(batch);
        },
      });
      const trainer = new Trainer({
        model,
        optimizer: new AdamW(model),
        schedule: constantSchedule(0.01),
        data,
        loss: ({ linear }, { pixelValues, inputIds }, context) => {
          if (seen.length > kill) throw new Error('killed');
          const flat = tf.reshape(pixelValues, [-1, 18]) as tf.Tensor2D;
          const noise = tf.tensor2d(context.rng!.uniformArray(flat.size), flat.shape);
          const target = tf.mean(tf.cast(inputIds, 'float32'), 1, true);
          return {
            loss: tf.mean(tf.square(tf.sub(linear.forward(tf.add(flat, noise)), tf.div(target, 100)))),
          };
        },
        rng: new Rng(9),
        checkpoints: { store: checkpoints, everySteps: 2 },
        loggers: [],
      });
      await trainer.resume();
      const result = await trainer.fit({ steps: 17 }).catch((error: Error) => error.message);
      const { 'linear.weight': weight } = await model.stateDict();
      return {
        seen,
        result,
        weight: [...new Float32Array(Uint8Array.from(weight!.bytes).buffer)],
        step: trainer.step,
      };
    };
    const whole = await run(new MemoryCheckpointStore());
    expect(whole.result).toMatchObject({ reason: 'finished', step: 17 });
    expect(whole.seen).toHaveLength(17); // 24 pictures in 6 batches an epoch: nearly three
    const first = await run(store, 9);
    expect(first.result).toBe('killed');
    const [stored] = (await store.list()).slice(-1);
    expect(stored).toBe(8);
    const second = await run(store);
    expect([...first.seen.slice(0, 8), ...second.seen]).toEqual(whole.seen);
    expect(second.weight).toEqual(whole.weight);
    expect(second.weight).not.toEqual(first.weight);
  });
});
