// One process of `bench/clip-train.ts`: trains the tiny CLIP on the engine named first, prints milliseconds a step
// and peak memory.
import { availableParallelism } from 'node:os';
import { CLIP, clipLoss } from '@crossmodal/clip';
import { compileLoss } from '@crossmodal/compile';
import { AdamW, type LossFunction, Rng, valueAndGrad } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { measure } from '../lib/measure';

const [engine = 'onnx', batch = '64', runs = '5', threads = `${availableParallelism()}`] =
  process.argv.slice(2);
const backend = engine === 'compiled' ? 'onnx' : engine;
if (backend === 'wasm') await import('@crossmodal/backend-wasm');
else if (backend === 'tfjs-wasm') await import('@tensorflow/tfjs-backend-wasm');
else if (backend === 'tensorflow') await import('@crossmodal/backend-tensorflow');
else (await import('@crossmodal/backend-onnx')).configureOnnxBackend({ threads: Number(threads) });
await tf.setBackend(backend.replace('tfjs-', ''));

const tower = { hiddenSize: 256, intermediateSize: 1024, numHiddenLayers: 4, numAttentionHeads: 4 };
const shared = { ...tower, layerNormEps: 1e-5, hiddenAct: 'gelu' as const };
const clip = CLIP.fromConfig(
  {
    visionConfig: { ...shared, imageSize: 32, patchSize: 4, numChannels: 3 },
    textConfig: { ...shared, vocabSize: 4096, maxPositionEmbeddings: 32, eosTokenId: 4095 },
    projectionDim: 256,
    logitScaleInitValue: Math.log(1 / 0.07),
  } as never,
  { rng: new Rng(0) },
);
const size = Number(batch);
const wave = (i: number) => Math.sin(i * 12.9898) * 2;
const pixelValues = tf.tensor4d(
  Float32Array.from({ length: size * 32 * 32 * 3 }, (_, i) => wave(i)),
  [size, 32, 32, 3],
);
const ids = Int32Array.from({ length: size * 32 }, (_, i) => (i % 32 === 31 ? 4095 : (i * 7919) % 4095));
const inputIds = tf.tensor2d(ids, [size, 32], 'int32');
const optimizer = new AdamW(clip, { weightDecay: 0.1 });
const losses: number[] = [];
const batchOf = { pixelValues, inputIds };
const loss: LossFunction<CLIP, typeof batchOf> = (clip, batch, context) => {
  const { imageFeatures, textFeatures, logitScale } = clip.forward(batch, context);
  return { loss: clipLoss(imageFeatures, textFeatures, logitScale) };
};
const context = { training: true };
const compiled = compileLoss(loss);
const valueAndGradients = () =>
  engine === 'compiled'
    ? compiled.valueAndGrad(clip, batchOf, context)
    : valueAndGrad(() => loss(clip, batchOf, context).loss as tf.Scalar, clip.trainableParameters());

const cpuTimes: number[] = [];
const { median, best } = measure(
  () => {
    const before = process.cpuUsage();
    const { value, gradients } = valueAndGradients();
    optimizer.step(gradients, { learningRate: 1e-4 });
    losses.push(value.dataSync()[0]!);
    tf.dispose([value, ...gradients.values()]);
    const { user, system } = process.cpuUsage(before);
    cpuTimes.push((user + system) / 1000);
  },
  { runs: Number(runs), atLeast: 0 },
);
console.log(
  JSON.stringify({
    median,
    best,
    cpu: Math.min(...cpuTimes),
    megabytes: process.resourceUsage().maxRSS / 1024,
    firstLoss: losses[0]!,
    lastLoss: losses.at(-1)!,
    tensors: tf.memory().numTensors,
  }),
);
