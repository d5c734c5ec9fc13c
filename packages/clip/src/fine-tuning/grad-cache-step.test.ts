import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import {
  AdamW,
  constantSchedule,
  DataLoader,
  type ForwardContext,
  profile,
  Rng,
  Trainer,
  valueAndGrad,
} from '@crossmodal/core';
import { expectClose, expectNoLeak } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { captions, draw, SIZE, TRAINED, VOCAB_SIZE } from '../../test/coloured-shapes';
import { BagOfTokensEncoder } from '../bag-of-tokens-encoder';
import { CLIP, type CLIPInput, type CLIPOutput } from '../clip';
import { clipLoss } from '../clip-loss';
import { ResidualVisionEncoder } from '../residual-vision-encoder';
import { sigLIPLoss } from '../siglip-loss';
import { gradCacheStep } from './grad-cache-step';
import { lockTower } from './lock-tower';

const BATCH = 10;

/** Transformers, without anything random. */
function transformers(): CLIP {
  const tower = { hiddenSize: 8, intermediateSize: 12, numHiddenLayers: 2, numAttentionHeads: 2 };
  const common = { ...tower, hiddenAct: 'quick_gelu', layerNormEps: 1e-5 } as const;
  return CLIP.fromConfig(
    {
      projectionDim: 6,
      logitScaleInitValue: 2,
      visionConfig: { ...common, imageSize: SIZE, patchSize: 8, numChannels: 3 },
      textConfig: { ...common, vocabSize: VOCAB_SIZE, maxPositionEmbeddings: 4, eosTokenId: VOCAB_SIZE - 1 },
    } as never,
    { rng: new Rng(1) },
  );
}

/** With dropout in both towers, a batch norm in one, and a bias. */
function random({ dropout = 0.3, hiddenSize = 12, logitBias = -2 as number | undefined } = {}): CLIP {
  const rng = new Rng(1);
  const visionEncoder = new ResidualVisionEncoder({
    imageSize: SIZE,
    stages: [{ channels: 4, blocks: 1 }],
    dropout,
    rng,
  });
  const textEncoder = new BagOfTokensEncoder({
    vocabSize: VOCAB_SIZE,
    hiddenSize,
    contextLength: 4,
    tokenDropout: dropout,
    rng,
  });
  return new CLIP({ visionEncoder, textEncoder, projectionDim: 6, ...(logitBias && { logitBias }), rng });
}

function input(size = BATCH): CLIPInput {
  const concepts = Array.from({ length: size }, (_, i) => TRAINED[i % TRAINED.length]!);
  return { pixelValues: draw(concepts, new Rng(3)), inputIds: captions(concepts) };
}

const loss = ({ imageFeatures, textFeatures, logitScale, logitBias }: CLIPOutput) =>
  logitBias
    ? sigLIPLoss(imageFeatures, textFeatures, logitScale, logitBias)
    : clipLoss(imageFeatures, textFeatures, logitScale);

/** The same loss on one tape, chunk by chunk as the step draws its random numbers. */
function inOnePiece(
  clip: CLIP,
  { pixelValues, inputIds }: CLIPInput,
  chunkSize: number,
  { rng, ...context }: ForwardContext,
) {
  const starts = Array.from({ length: Math.ceil(pixelValues.shape[0] / chunkSize) }, (_, i) => i * chunkSize);
  const rows = <T extends tf.Tensor>(x: T, start: number) =>
    tf.slice(x, start, Math.min(chunkSize, x.shape[0]! - start)) as T;
  const at = (tower: string, start: number) =>
    rng ? { ...context, rng: rng.split(`${tower} from ${start}`) } : context;
  return valueAndGrad(() => {
    const images = starts.map((i) =>
      clip.encodeImage({ pixelValues: rows(pixelValues, i) }, at('images', i)),
    );
    const texts = starts.map((i) => clip.encodeText({ inputIds: rows(inputIds, i) }, at('texts', i)));
    return loss(clip.outputOf(tf.concat(images), tf.concat(texts)));
  }, clip.namedParameters());
}

function expectSame(actual: ReturnType<typeof inOnePiece>, expected: ReturnType<typeof inOnePiece>): void {
  expectClose(actual.value, expected.value);
  expect([...actual.gradients.keys()].sort()).toEqual([...expected.gradients.keys()].sort());
  for (const [key, gradient] of expected.gradients) expectClose(actual.gradients.get(key)!, gradient);
}

describe.each(['cpu', 'onnx'])('gradCacheStep, on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  it.each([1, 4, 64])('has the gradients of the whole batch, chunkSize %s', (chunkSize) => {
    const clip = transformers();
    const batch = input();
    const whole = valueAndGrad(() => loss(clip.forward(batch)), clip.namedParameters());
    const actual = gradCacheStep(clip, batch, { chunkSize, loss });
    expectSame(actual, whole);
    expect(actual.gradients.size).toBe(clip.namedParameters().size);
    expect(Math.abs(actual.gradients.get('logit_scale')!.dataSync()[0]!)).toBeGreaterThan(1e-3);
    // clipLoss is the default; blocks that are computed again change nothing.
    expectSame(gradCacheStep(clip, batch, { chunkSize }, { gradientCheckpointing: true }), whole);
  });

  it.each([3, 5])(
    'drops the same on the way back, and tracks statistics once, chunkSize %s',
    async (chunkSize) => {
      const [clip, other] = [random(), random()];
      const batch = input();
      const context = { training: true, rng: new Rng(5) };
      expectSame(
        gradCacheStep(clip, batch, { chunkSize, loss }, context),
        inOnePiece(other, batch, chunkSize, context),
      );
      expect(await clip.stateDict()).toEqual(await other.stateDict());
      expect(context.rng.state()).toEqual(new Rng(5).state());
      const again = gradCacheStep(clip, batch, { chunkSize, loss }, { training: true, rng: new Rng(6) });
      const first = gradCacheStep(clip, batch, { chunkSize, loss }, context);
      expect(again.value.dataSync()[0]).not.toBe(first.value.dataSync()[0]);
    },
  );

  it('passes a locked tower once', () => {
    const clip = transformers();
    lockTower(clip, 'vision');
    const batch = input();
    const whole = valueAndGrad(() => loss(clip.forward(batch)), clip.namedParameters());
    let passes = 0;
    const encodeImage = clip.encodeImage.bind(clip);
    clip.encodeImage = (...args) => {
      passes++;
      return encodeImage(...args);
    };
    expectSame(gradCacheStep(clip, batch, { chunkSize: 5 }), whole);
    expect(passes).toBe(2);
  });

  it('leaks nothing', () => {
    const clip = random();
    const batch = input();
    const context = { training: true, rng: new Rng(5) };
    expectNoLeak(() => {
      const { value, gradients } = gradCacheStep(clip, batch, { chunkSize: 4, loss }, context);
      tf.dispose([value, ...gradients.values()]);
    });
    const failing = () => {
      throw new Error('no loss');
    };
    expectNoLeak(() => {
      expect(() => gradCacheStep(clip, batch, { chunkSize: 4, loss: failing }, context)).toThrow('no loss');
    });
  });
});

describe('gradCacheStep', () => {
  beforeAll(async () => {
    await tf.setBackend('onnx');
  });

  it('takes 4,096 pairs in the memory of 64, and of the features', async () => {
    const chunkSize = 64;
    const clip = random({ dropout: 0.1, logitBias: undefined });
    const peak = async (batch: CLIPInput) => {
      const before = tf.memory().numBytes;
      const run = () => gradCacheStep(clip, batch, { chunkSize }, { training: true, rng: new Rng(1) });
      const { result, peakBytes } = await profile(run, { print: () => {} });
      tf.dispose([result.value, ...result.gradients.values(), { ...batch }]);
      return peakBytes - before;
    };
    const [small, large] = [await peak(input(chunkSize)), await peak(input(4096))];
    // Features of both towers with their gradients, and what the loss makes of a chunk of logits, [64, 4096].
    const features = 4 * 4096 * 6;
    const logits = 4 * chunkSize * 4096;
    expect(large).toBeLessThan(small + 8 * features + 14 * logits);
    expect(large).toBeLessThan((await valueAndGradPeak(clip)) / 10);
  });

  it('is what a Trainer takes in place of a loss', async () => {
    const train = async (chunkSize: number) => {
      const clip = transformers();
      const concepts = { length: 40, get: (i: number) => TRAINED[i % TRAINED.length]! };
      const trainer = new Trainer<CLIP, CLIPInput>({
        model: clip,
        optimizer: new AdamW(clip),
        schedule: constantSchedule(3e-3),
        data: new DataLoader(concepts, {
          batchSize: 20,
          shuffle: true,
          rng: new Rng(1),
          collate: (batch: number[]) => ({ pixelValues: draw(batch, new Rng(2)), inputIds: captions(batch) }),
        }),
        loss: {
          valueAndGrad: (clip, batch, context) => ({
            ...gradCacheStep(clip, batch, { chunkSize }, context),
            metrics: { size: batch.inputIds.shape[0] },
          }),
        },
        clipNorm: 1,
        accumulate: 2,
        rng: new Rng(3),
        loggers: [],
      });
      const first = (await trainer.fit({ steps: 1 })).last!;
      const before = tf.memory().numTensors;
      const { last } = await trainer.fit({ steps: 6 });
      expect(tf.memory().numTensors).toBe(before);
      return { first, last: last! };
    };
    const [small, whole] = [await train(8), await train(20)];
    expectClose(small.first.loss, whole.first.loss, { relative: 1e-4 });
    expectClose(small.first.gradientNorm, whole.first.gradientNorm, { relative: 1e-3 });
    expect(small.last.metrics).toEqual({ size: 20 });
    expect(small.last.loss).toBeLessThan(small.first.loss);
  });

  it('says what it takes', () => {
    expect(() => gradCacheStep(transformers(), input(), { chunkSize: 0 })).toThrow(
      'gradCacheStep: chunkSize: expected a positive integer, received 0.',
    );
  });
});

/** Most bytes of a step on one tape, for a sixteenth of the pairs. */
async function valueAndGradPeak(clip: CLIP): Promise<number> {
  const batch = input(256);
  const before = tf.memory().numBytes;
  const run = () =>
    valueAndGrad(
      () => loss(clip.forward(batch, { training: true, rng: new Rng(1) })),
      clip.namedParameters(),
    );
  const { result, peakBytes } = await profile(run, { print: () => {} });
  tf.dispose([result.value, ...result.gradients.values(), { ...batch }]);
  return (peakBytes - before) * 16;
}
