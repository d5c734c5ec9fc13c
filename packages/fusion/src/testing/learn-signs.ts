import { AdamW, Rng, softmaxCrossEntropy, valueAndGrad } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { type CreateFusionConfig, createFusion, type FusionStrategy } from '../create-fusion';
import { FusionClassifier } from '../fusion-classifier';
import { LateFusion } from '../strategies/late-fusion';

const DIMS = { a: 6, b: 5 };
type Name = keyof typeof DIMS;

export interface SignsResult {
  /** On samples that were not trained on. */
  accuracy: number;
  parameters: number;
  /** Until the loss was low, or at most. */
  steps: number;
  millisecondsPerStep: number;
}

/**
 * Trains a strategy to tell whether the signs of two modalities are equal. Each sign is that of the coordinate on a
 * random direction, in noise; either alone, and any sum of what each says, tells nothing.
 *
 * @param options.see The modalities that it is shown. Default both.
 */
export function learnSigns(
  strategy: FusionStrategy,
  { see = ['a', 'b'], maxSteps = 300, seed = 1 }: { see?: Name[]; maxSteps?: number; seed?: number } = {},
): SignsResult {
  const rng = new Rng(seed);
  const modalities = Object.fromEntries(see.map((name) => [name, DIMS[name]]));
  // Each takes what it knows. A bottleneck needs two layers that exchange: one to write there, one to read.
  const config = {
    hiddenSize: 16,
    numHeads: 2,
    numLayers: 2,
    fusionLayer: 0,
    sketchDim: 64,
    conditioning: 'a',
  };
  const isLate = (fusion: object) => fusion instanceof LateFusion;
  const make = (outputDim: number) =>
    createFusion({ strategy, modalities, outputDim, rng, ...config } as CreateFusionConfig);
  const late = make(2);
  const model = isLate(late)
    ? new FusionClassifier({ fusion: late, rng })
    : new FusionClassifier({ fusion: make(16), numClasses: 2, rng });
  const directions = { a: directionOf(DIMS.a, rng), b: directionOf(DIMS.b, rng) };
  const optimizer = new AdamW(model, { weightDecay: 0.01 });
  const parameters = model.namedParameters();
  let last = Infinity;
  const lossOf = ({ inputs, labels }: Signs, training: boolean) => {
    const { logits, auxiliaryLoss } = model.forward(pick(inputs, see), { training, rng });
    const loss = softmaxCrossEntropy(logits, labels) as tf.Scalar;
    last = loss.dataSync()[0]!;
    return auxiliaryLoss ? (tf.add(loss, auxiliaryLoss) as tf.Scalar) : loss;
  };
  let [steps, low, milliseconds] = [0, 0, Infinity];
  for (; steps < maxSteps && low < 5; steps++) {
    const start = performance.now();
    tf.tidy(() => {
      const batch = drawSigns(64, directions, rng);
      const { gradients } = valueAndGrad(() => lossOf(batch, true), parameters);
      optimizer.step(gradients, { learningRate: 0.01 });
    });
    milliseconds = Math.min(milliseconds, performance.now() - start);
    low = last < 0.05 ? low + 1 : 0;
  }
  const accuracy = tf.tidy(() => {
    const { inputs, labels } = drawSigns(2000, directions, rng);
    const chosen = tf.argMax(model.forward(pick(inputs, see)).logits, 1);
    return tf.mean(tf.cast(tf.equal(chosen, labels), 'float32')).dataSync()[0]!;
  });
  const { total } = model.parameterCount();
  for (const module of [late, model, optimizer]) module.dispose();
  return { accuracy, parameters: total, steps, millisecondsPerStep: milliseconds };
}

interface Signs {
  inputs: Record<Name, tf.Tensor2D>;
  /** int32 [batch]: 1 where the signs are equal. */
  labels: tf.Tensor1D;
}

const pick = (inputs: Signs['inputs'], names: Name[]) =>
  Object.fromEntries(names.map((name) => [name, inputs[name]]));

/** All four pairs of signs equally often. Within `tf.tidy`. */
function drawSigns(batch: number, directions: Record<Name, number[]>, rng: Rng): Signs {
  const signs = Array.from({ length: batch }, (_, i) => ({ a: i & 1 ? 1 : -1, b: i & 2 ? 1 : -1 }));
  const vectors = (name: Name) =>
    tf.tensor2d(
      signs.map((sign) => {
        const strength = sign[name] * rng.uniform(1, 2);
        return directions[name].map((x) => strength * x + rng.normal(0, 0.3));
      }),
    );
  const labels = signs.map(({ a, b }) => Number(a === b));
  return { inputs: { a: vectors('a'), b: vectors('b') }, labels: tf.tensor1d(labels, 'int32') };
}

function directionOf(dim: number, rng: Rng): number[] {
  const vector = [...rng.normalArray(dim)];
  const length = Math.hypot(...vector);
  return vector.map((x) => x / length);
}
