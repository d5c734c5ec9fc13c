import { CLIP, clipLoss } from '@crossmodal/clip';
import {
  AdamW,
  attention,
  clippedScale,
  type Precision,
  Rng,
  valueAndGrad,
  withPrecision,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Call } from './open';

export interface Case {
  name: string;
  /** Leaves nothing behind. */
  run: Call;
  /** Floating point operations of a call, where they are what counts. */
  operations?: number;
  /** What a call makes, such as images or tokens. */
  items?: { count: number; unit: string };
  /** It is timed once. */
  takesLong?: boolean;
  /** As `peers/gpu.py` knows it. */
  peer?: string;
}

const disposed = (f: () => tf.Tensor) => () => tf.tidy(f).dispose();

/** Products, attention and a training step; with `software` so small that their counts remain. */
export function casesOf(software: boolean, f16: boolean): Case[] {
  const precisions: Precision[] = f16 ? ['f32', 'f16'] : ['f32'];
  return [...products(software, precisions), ...attentions(software), clipStep(software)];
}

function products(software: boolean, precisions: Precision[]): Case[] {
  return (software ? [64] : [1024, 2048, 4096]).flatMap((size) => {
    const [a, b] = [tf.randomNormal([size, size]), tf.randomNormal([size, size])] as [
      tf.Tensor2D,
      tf.Tensor2D,
    ];
    return precisions.flatMap((precision) =>
      [false, true].map((transposeB) => ({
        name: `product ${size} ${precision}${transposeB ? ' B transposed' : ''}`,
        run: disposed(() => withPrecision(precision, () => tf.matMul(a, b, false, transposeB))),
        operations: 2 * size ** 3,
        peer: `product ${size} ${precision}${transposeB ? ' transposed' : ''}`,
      })),
    );
  });
}

function attentions(software: boolean): Case[] {
  const shapes: [string, [number, number, number, number], boolean][] = software
    ? [['attention small', [1, 2, 17, 8], false]]
    : [
        ['attention ViT', [64, 12, 197, 64], false],
        ['attention decoder', [8, 16, 1024, 64], true],
      ];
  return shapes.map(([name, shape, causal]) => {
    const x = tf.randomNormal<tf.Rank.R4>(shape);
    const gradients = tf.grads((q, k, v) =>
      attention(q as tf.Tensor4D, k as tf.Tensor4D, v as tf.Tensor4D, { causal }),
    );
    const [batch, heads, length, size] = shape;
    return {
      name: `${name}, forward and backward`,
      run: disposed(() => gradients([x, x, x])[0]!),
      operations: (batch * heads * length ** 2 * size * 14) / (causal ? 2 : 1),
      peer: `attention ${shape.join(' ')}${causal ? ' causal' : ''}`,
    };
  });
}

/** As a `Trainer` takes it, with clipping. In software it is smaller, which changes none of the counts but bytes. */
function clipStep(software: boolean): Case {
  const [width, batch] = software ? [32, 32] : [256, 64];
  const tower = {
    hiddenSize: width,
    intermediateSize: 4 * width,
    numHiddenLayers: 4,
    numAttentionHeads: 4,
  };
  const shared = { ...tower, layerNormEps: 1e-5, hiddenAct: 'gelu' as const };
  const clip = CLIP.fromConfig(
    {
      visionConfig: { ...shared, imageSize: 32, patchSize: 4, numChannels: 3 },
      textConfig: { ...shared, vocabSize: 4096, maxPositionEmbeddings: 32, eosTokenId: 4095 },
      projectionDim: width,
      logitScaleInitValue: Math.log(1 / 0.07),
    } as never,
    { rng: new Rng(0) },
  );
  const pixelValues = tf.randomNormal<tf.Rank.R4>([batch, 32, 32, 3]);
  const ids = Int32Array.from({ length: batch * 32 }, (_, i) => (i % 32 === 31 ? 4095 : (i * 7919) % 4095));
  const inputIds = tf.tensor2d(ids, [batch, 32], 'int32');
  const optimizer = new AdamW(clip, { weightDecay: 0.1 });
  return {
    name: 'training step of a tiny CLIP',
    run: disposed(() => {
      const { value, gradients } = valueAndGrad(() => {
        const { imageFeatures, textFeatures, logitScale } = clip.forward(
          { pixelValues, inputIds },
          { training: true },
        );
        return clipLoss(imageFeatures, textFeatures, logitScale);
      }, clip.trainableParameters());
      const { gradientScale } = clippedScale(gradients, { maxNorm: 1, guards: value });
      optimizer.step(gradients, { learningRate: 1e-4, gradientScale });
      return value;
    }),
    items: { count: batch, unit: 'images' },
    ...(software ? {} : { peer: `clip ${batch}` }),
  };
}
