import {
  BufferSnapshot,
  ConfigError,
  type ForwardContext,
  type Module,
  Parameter,
  type ValueAndGradients,
  valueAndGrad,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import type { CLIP, CLIPInput, CLIPOutput } from '../clip';
import { clipLoss } from '../clip-loss';

export interface GradCacheOptions {
  /** Images and texts that go through the towers at a time. */
  chunkSize: number;
  /** Of the whole batch. Default {@link clipLoss}, itself in chunks. */
  loss?: (output: CLIPOutput) => tf.Scalar;
}

/**
 * The loss of a batch and its gradients, exact for every parameter, the temperature's too, in the memory of a
 * chunk (and the features of all): features without a tape, the gradient of the loss for the features, and then
 * chunk by chunk back from there through the towers. A tower that is locked is passed once.
 *
 * A batch norm sees chunks, not the batch. Random numbers are drawn chunk by chunk from `context.rng`, which is
 * not advanced.
 *
 * @param batch Of any number of pairs.
 * @returns As core's `valueAndGrad`; the caller disposes all of it.
 * @throws ConfigError when the chunk size is not a positive integer.
 * @see Gao et al. 2021, "Scaling deep contrastive learning batch size under memory limited setup", section 3.
 * @example
 * const trainer = new Trainer({
 *   model: clip,
 *   loss: { valueAndGrad: (clip, batch, context) => gradCacheStep(clip, batch, { chunkSize: 64 }, context) },
 *   optimizer, schedule, data, rng,
 * });
 */
export function gradCacheStep(
  clip: CLIP,
  { pixelValues, ...text }: CLIPInput,
  {
    chunkSize,
    loss = ({ imageFeatures, textFeatures, logitScale }) =>
      clipLoss(imageFeatures, textFeatures, logitScale, { chunkSize }),
  }: GradCacheOptions,
  context: ForwardContext = {},
): ValueAndGradients {
  if (!Number.isInteger(chunkSize) || chunkSize < 1)
    throw new ConfigError(`gradCacheStep: chunkSize: expected a positive integer, received ${chunkSize}.`);
  const batch = pixelValues.shape[0];
  const starts = Array.from({ length: Math.ceil(batch / chunkSize) }, (_, i) => i * chunkSize);
  const rows = <T extends tf.Tensor>(x: T, start: number): T =>
    tf.slice(x, start, Math.min(chunkSize, batch - start)) as T;
  const at = (tower: string, start: number): ForwardContext =>
    context.rng ? { ...context, rng: context.rng.split(`${tower} from ${start}`) } : context;
  const towers: Tower[] = [
    {
      name: 'image features',
      modules: [clip.visionModel, clip.visualProjection],
      encode: (start) => clip.encodeImage({ pixelValues: rows(pixelValues, start) }, at('images', start)),
    },
    {
      name: 'text features',
      modules: [clip.textModel, clip.textProjection],
      encode(start) {
        const { inputIds, attentionMask } = text;
        const mask = attentionMask && rows(attentionMask, start);
        return clip.encodeText({ inputIds: rows(inputIds, start), attentionMask: mask }, at('texts', start));
      },
    },
  ];

  const parameters = clip.namedParameters();
  const features = encodeAll(towers, starts, parameters);
  try {
    const { value, gradients } = tf.tidy(() => {
      const [images, texts] = features.map((feature) => feature.value as tf.Tensor) as [
        tf.Tensor2D,
        tf.Tensor2D,
      ];
      const all = new Map([...parameters, ...towers.map(({ name }, i) => [name, features[i]!] as const)]);
      const { value, gradients } = valueAndGrad(() => loss(clip.outputOf(images, texts)), all);
      const ofFeatures = towers.map(({ name }) => gradients.get(name));
      for (const { name } of towers) gradients.delete(name);
      for (const [i, { modules, encode }] of towers.entries()) {
        const gradient = ofFeatures[i];
        if (!gradient || !modules.some((module) => module && module.trainableParameters().size > 0)) continue;
        for (const start of starts) {
          const weighted = () =>
            tf.tidy(() => tf.sum(tf.mul(encode(start), rows(gradient, start)))) as tf.Scalar;
          const chunk = valueAndGrad(weighted, parameters);
          chunk.value.dispose();
          addTo(gradients, chunk.gradients);
        }
      }
      return { value, gradients: Object.fromEntries(gradients) };
    });
    return { value, gradients: new Map(Object.entries(gradients)) };
  } finally {
    for (const feature of features) feature.dispose();
  }
}

interface Tower {
  name: string;
  modules: readonly (Module | undefined)[];
  /** Features of the chunk that starts at this row. */
  encode: (start: number) => tf.Tensor2D;
}

/** Features of all rows, by tower. Buffers are left as they were: the towers are passed again on the way back. */
function encodeAll(
  towers: readonly Tower[],
  starts: readonly number[],
  parameters: ReadonlyMap<string, Parameter>,
): Parameter[] {
  const buffers = new BufferSnapshot(parameters.values());
  try {
    return towers.map(({ encode }) => {
      const chunks = () => starts.map((start) => tf.tidy(() => encode(start)));
      return new Parameter(tf.tidy(() => tf.concat(chunks())));
    });
  } finally {
    buffers.restore();
  }
}

/** Takes over `gradients` into `sums`. */
function addTo(sums: Map<string, tf.Tensor>, gradients: ReadonlyMap<string, tf.Tensor>): void {
  for (const [key, gradient] of gradients) {
    const sum = sums.get(key);
    sums.set(key, sum ? tf.add(sum, gradient) : gradient);
    if (sum) tf.dispose([sum, gradient]);
  }
}
