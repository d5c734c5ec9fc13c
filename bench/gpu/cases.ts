import { CLIP, clipLoss } from '@crossmodal/clip';
import {
  AdamW,
  attention,
  gelu,
  linear,
  type Precision,
  Rng,
  valueAndGrad,
  withPrecision,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

export interface Case {
  name: string;
  /** One call; the result is disposed. */
  run: () => tf.Tensor;
  /** Floating point operations of a call, where they are what counts. */
  operations?: number;
  /** What a call makes, such as images or tokens. */
  items?: { count: number; unit: string };
  /** As `peers/gpu.py` knows it. */
  peer?: string;
}

/** Products, attention, a training step and a step of decoding; with `software` so small that their counts remain. */
export function casesOf(software: boolean, f16: boolean): Case[] {
  const precisions: Precision[] = f16 ? ['f32', 'f16'] : ['f32'];
  return [...products(software, precisions), ...attentions(software), clipStep(software), decode(software)];
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
        run: () => withPrecision(precision, () => tf.matMul(a, b, false, transposeB)),
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
      run: () => gradients([x, x, x])[0]!,
      operations: (batch * heads * length ** 2 * size * 14) / (causal ? 2 : 1),
      peer: `attention ${shape.join(' ')}${causal ? ' causal' : ''}`,
    };
  });
}

function clipStep(software: boolean): Case {
  const [width, depth, batch] = software ? [32, 1, 2] : [256, 4, 64];
  const tower = {
    hiddenSize: width,
    intermediateSize: 4 * width,
    numHiddenLayers: depth,
    numAttentionHeads: 4,
  };
  const shared = { ...tower, layerNormEps: 1e-5, hiddenAct: 'gelu' as const };
  const clip = CLIP.fromConfig(
    {
      visionConfig: { ...shared, imageSize: 32, patchSize: software ? 16 : 4, numChannels: 3 },
      textConfig: { ...shared, vocabSize: 4096, maxPositionEmbeddings: 32, eosTokenId: 4095 },
      projectionDim: width,
      logitScaleInitValue: Math.log(1 / 0.07),
    } as never,
    { rng: new Rng(0) },
  );
  const pixelValues = tf.randomNormal<tf.Rank.R4>([batch!, 32, 32, 3]);
  const ids = Int32Array.from({ length: batch! * 32 }, (_, i) => (i % 32 === 31 ? 4095 : (i * 7919) % 4095));
  const inputIds = tf.tensor2d(ids, [batch!, 32], 'int32');
  const optimizer = new AdamW(clip, { weightDecay: 0.1 });
  return {
    name: 'training step of a tiny CLIP',
    run() {
      const { value, gradients } = valueAndGrad(() => {
        const { imageFeatures, textFeatures, logitScale } = clip.forward(
          { pixelValues, inputIds },
          { training: true },
        );
        return clipLoss(imageFeatures, textFeatures, logitScale);
      }, clip.trainableParameters());
      optimizer.step(gradients, { learningRate: 1e-4 });
      return value;
    },
    items: { count: batch!, unit: 'images' },
    ...(software ? {} : { peer: `clip ${batch}` }),
  };
}

/** The work of one token of DALL-E's decoder, of two guided rows, against a full cache: products and attention. */
function decode(software: boolean): Case {
  const [width, layers, length, heads] = software ? [32, 1, 16, 2] : [1024, 24, 1280, 16];
  const weights = [1, 1, 1, 1, 4].map((times) => tf.randomNormal([width!, width! * times]));
  const down = tf.randomNormal([4 * width!, width!]);
  const cache = tf.randomNormal([2, heads!, length!, width! / heads!]) as tf.Tensor4D;
  const start: tf.Tensor = tf.randomNormal([2, width!]);
  return {
    name: 'decoding a token, as DALL-E with guidance',
    run() {
      let x = start;
      for (let layer = 0; layer < layers!; layer++) {
        const query = tf.reshape(linear(x, weights[0]!), [2, heads!, 1, width! / heads!]) as tf.Tensor4D;
        const others = tf.add(linear(x, weights[1]!), linear(x, weights[2]!));
        const attended = tf.reshape(attention(query, cache, cache), [2, width!]);
        x = tf.add(tf.mul(others, 1e-3), linear(attended, weights[3]!));
        x = tf.add(x, linear(gelu(linear(x, weights[4]!), 'tanh'), down));
      }
      return x;
    },
    items: { count: 1, unit: 'tokens' },
  };
}
