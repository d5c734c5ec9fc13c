// What compiled functions must do on every runtime: run in Node and, by browser-program.ts, in a page.
import { CLIP, type CLIPInput, clipLoss } from '@crossmodal/clip';
import {
  AdamW,
  arrayDataset,
  constantSchedule,
  DataLoader,
  type ForwardContext,
  Rng,
  Trainer,
} from '@crossmodal/core';
import { CLIPTextTransformer, CLIPVisionTransformer } from '@crossmodal/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { compileAsync } from '../src/compile-async';
import { compileLoss } from '../src/compile-loss';
import type { AsyncRuntime } from '../src/runtime/async-runtime';

const BATCH = 3;
const LENGTH = 5;

/** With no weight at zero or one, where errors would hide. */
function tinyCLIP(): CLIP<CLIPVisionTransformer, CLIPTextTransformer> {
  const rng = new Rng(1);
  const shared = { layerNormEps: 1e-5, numAttentionHeads: 2 };
  const clip = new CLIP({
    visionEncoder: new CLIPVisionTransformer({
      ...shared,
      hiddenSize: 12,
      intermediateSize: 20,
      numHiddenLayers: 2,
      numChannels: 3,
      imageSize: 8,
      patchSize: 4,
      hiddenAct: 'gelu',
      rng,
    }),
    textEncoder: new CLIPTextTransformer({
      ...shared,
      vocabSize: 30,
      hiddenSize: 8,
      intermediateSize: 14,
      numHiddenLayers: 1,
      maxPositionEmbeddings: LENGTH,
      hiddenAct: 'quick_gelu',
      eosTokenId: 29,
      rng,
    }),
    projectionDim: 6,
    rng,
  });
  for (const [key, parameter] of clip.namedParameters()) {
    if (key === 'logitScale') continue;
    const { shape, size } = parameter.value;
    const around = /[nN]orm\w*\.weight$/.test(key) ? 1 : 0;
    const values = new Rng(key.length + size).normalArray(size).map((value) => around + 0.2 * value);
    tf.tidy(() => parameter.assign(tf.tensor(values, shape)));
  }
  return clip;
}

function tinyInput(seed: number): CLIPInput {
  const rng = new Rng(seed);
  const ids = Array.from({ length: BATCH * LENGTH }, (_, i) =>
    i % LENGTH === LENGTH - 1 ? 29 : rng.integer(29),
  );
  return {
    pixelValues: tf.tensor4d(rng.normalArray(BATCH * 8 * 8 * 3), [BATCH, 8, 8, 3]),
    inputIds: tf.tensor2d(ids, [BATCH, LENGTH], 'int32'),
  };
}

export interface Encoded {
  features: number[];
  /** After the weights were changed. */
  changed: number[];
  compilations: number;
  /** Tensors that were left over after runs, and after all. */
  leaked: number;
}

/** A CLIP's features of images and texts; without a runtime, by the function itself. */
export async function encode(runtime: AsyncRuntime | undefined): Promise<Encoded> {
  const clip = tinyCLIP();
  const fn = (input: CLIPInput) => {
    const { imageFeatures, textFeatures } = clip.forward(input);
    return tf.concat([imageFeatures, textFeatures], 0);
  };
  const input = tinyInput(2);
  const compiled = runtime && compileAsync(fn, { runtime });
  const run = async () => {
    const result = compiled ? await compiled(input) : tf.tidy(() => fn(input));
    const values = [...(await result.data())];
    result.dispose();
    return values;
  };
  const features = await run();
  const { numTensors } = tf.memory();
  await Promise.all([run(), run()]);
  for (const { value } of clip.namedParameters().values())
    tf.tidy(() => (value as tf.Variable).assign(tf.mul(value, 1.5)));
  const changed = await run();
  await compiled?.dispose();
  const leaked = tf.memory().numTensors - numTensors;
  clip.dispose();
  tf.dispose({ ...input });
  return { features, changed, compilations: compiled?.compilations ?? 0, leaked };
}

export interface TrainingResult {
  losses: number[];
  compilations: number;
}

/** The losses of a few steps; without a runtime, of the function itself. */
export async function train(runtime: AsyncRuntime | undefined, steps: number): Promise<TrainingResult> {
  const model = tinyCLIP();
  const loss = (clip: typeof model, batch: CLIPInput, context: ForwardContext) => {
    const { imageFeatures, textFeatures, logitScale } = clip.forward(batch, context);
    return { loss: clipLoss(imageFeatures, textFeatures, logitScale) };
  };
  const compiled = runtime && compileLoss(loss, { runtime });
  const losses: number[] = [];
  const trainer = new Trainer({
    model,
    loss: compiled ?? loss,
    optimizer: new AdamW(model),
    schedule: constantSchedule(1e-2),
    data: new DataLoader(arrayDataset([3, 4]), { batchSize: 1, collate: ([seed]) => tinyInput(seed!) }),
    rng: new Rng(5),
    clipNorm: 1,
    loggers: [(event) => void (event.type === 'step' && losses.push(event.result.loss))],
  });
  await trainer.fit({ steps });
  await compiled?.dispose();
  return { losses, compilations: compiled?.compilations ?? 0 };
}
