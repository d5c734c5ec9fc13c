// What compiled functions must do on every runtime: run in Node and, by browser-program.ts, in a page.
import {
  AdamW,
  arrayDataset,
  constantSchedule,
  DataLoader,
  type ForwardContext,
  Linear,
  l2Normalize,
  Module,
  Parameter,
  Rng,
  softmaxCrossEntropy,
  Trainer,
} from '@crossmodal/core';
import { CLIPTextTransformer, CLIPVisionTransformer } from '@crossmodal/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { compileAsync } from '../src/compile-async';
import { compileLoss } from '../src/compile-loss';
import type { AsyncRuntime } from '../src/runtime/async-runtime';

const BATCH = 3;
const LENGTH = 5;

interface Pairs {
  pixelValues: tf.Tensor4D;
  inputIds: tf.Tensor2D;
}

/** A CLIP, with no weight at zero or one, where errors would hide. */
class TinyCLIP extends Module {
  readonly vision: CLIPVisionTransformer;
  readonly text: CLIPTextTransformer;
  readonly visionProjection: Linear;
  readonly textProjection: Linear;
  readonly logitScale = new Parameter(tf.scalar(2));

  constructor() {
    super();
    const rng = new Rng(1);
    const shared = { layerNormEps: 1e-5, numAttentionHeads: 2, rng };
    this.vision = new CLIPVisionTransformer({
      ...shared,
      hiddenSize: 12,
      intermediateSize: 20,
      numHiddenLayers: 1,
      numChannels: 3,
      imageSize: 8,
      patchSize: 4,
      hiddenAct: 'gelu',
    });
    this.text = new CLIPTextTransformer({
      ...shared,
      vocabSize: 30,
      hiddenSize: 8,
      intermediateSize: 14,
      numHiddenLayers: 1,
      maxPositionEmbeddings: LENGTH,
      hiddenAct: 'quick_gelu',
      eosTokenId: 29,
    });
    this.visionProjection = new Linear(12, 6, { rng });
    this.textProjection = new Linear(8, 6, { rng });
    for (const [key, parameter] of this.namedParameters()) {
      if (key === 'logitScale') continue;
      const { shape, size } = parameter.value;
      const around = /[nN]orm\w*\.weight$/.test(key) ? 1 : 0;
      const values = new Rng(key.length + size).normalArray(size).map((value) => around + 0.2 * value);
      tf.tidy(() => parameter.assign(tf.tensor(values, shape)));
    }
  }

  forward(
    { pixelValues, inputIds }: Pairs,
    context?: ForwardContext,
  ): { images: tf.Tensor2D; texts: tf.Tensor2D } {
    return tf.tidy(() => {
      const images = this.visionProjection.forward(
        this.vision.forward({ pixelValues }, context).pooledOutput,
      );
      const texts = this.textProjection.forward(this.text.forward({ inputIds }, context).pooledOutput);
      return { images: l2Normalize(images) as tf.Tensor2D, texts: l2Normalize(texts) as tf.Tensor2D };
    });
  }
}

function tinyInput(seed: number): Pairs {
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
  const clip = new TinyCLIP();
  const fn = (pairs: Pairs) => {
    const { images, texts } = clip.forward(pairs);
    return tf.concat([images, texts], 0);
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
  const model = new TinyCLIP();
  const loss = (clip: TinyCLIP, batch: Pairs, context: ForwardContext) => {
    const { images, texts } = clip.forward(batch, context);
    const logits = tf.mul(
      tf.exp(clip.logitScale.value),
      tf.matMul(images, texts, false, true),
    ) as tf.Tensor2D;
    const own = tf.range(0, BATCH, 1, 'int32') as tf.Tensor1D;
    const both = tf.add(softmaxCrossEntropy(logits, own), softmaxCrossEntropy(tf.transpose(logits), own));
    return { loss: tf.div(both, 2) };
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
