import '@crossmodal/backend-onnx';
import {
  AdamW,
  arrayDataset,
  constantSchedule,
  DataLoader,
  Embedding,
  LayerNorm,
  Linear,
  type LossFunction,
  Module,
  Rng,
  softmaxCrossEntropy,
  Trainer,
  TransformerBlock,
  useBackend,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { compileLoss } from './compile-loss';

/** Everything that a small transformer trains by: embeddings, attention, norms, dropout, cross-entropy. */
class Classifier extends Module {
  readonly tokens: Embedding;
  readonly block: TransformerBlock;
  readonly norm: LayerNorm;
  readonly head: Linear;
  constructor(rng: Rng, dropout: number) {
    super();
    this.tokens = new Embedding(20, 8, { rng });
    this.block = new TransformerBlock({ hiddenSize: 8, numHeads: 2, dropout, rng });
    this.norm = new LayerNorm(8);
    this.head = new Linear(8, 3, { rng });
  }
  forward(ids: tf.Tensor2D, context: { training?: boolean; rng?: Rng }): tf.Tensor2D {
    return tf.tidy(() => {
      const x = this.block.forward(this.tokens.forward(ids), { causal: true }, context);
      return this.head.forward(tf.mean(this.norm.forward(x), 1)) as tf.Tensor2D;
    });
  }
}

interface Batch {
  ids: tf.Tensor2D;
  labels: tf.Tensor1D;
}
const loss: LossFunction<Classifier, Batch> = (model, { ids, labels }, context) => {
  const logits = model.forward(ids, context);
  const hits = tf.mean(tf.cast(tf.equal(tf.argMax(logits, 1), labels), 'float32'));
  return { loss: softmaxCrossEntropy(logits, labels, { labelSmoothing: 0.1 }), metrics: { hits } };
};

async function lossesOf(compiled: boolean, dropout: number) {
  const model = new Classifier(new Rng(1), dropout);
  const rng = new Rng(2);
  const samples = Array.from({ length: 24 }, () => ({
    ids: Array.from({ length: 5 }, () => rng.integer(20)),
    label: rng.integer(3),
  }));
  const run = compileLoss(loss);
  const losses: number[] = [];
  const trainer = new Trainer({
    model,
    optimizer: new AdamW(model),
    schedule: constantSchedule(1e-2),
    data: new DataLoader(arrayDataset(samples), {
      batchSize: 8,
      shuffle: true,
      rng: new Rng(3),
      collate: (items) => ({
        ids: tf.tensor2d(
          items.map(({ ids }) => ids),
          [items.length, 5],
          'int32',
        ),
        labels: tf.tensor1d(
          items.map(({ label }) => label),
          'int32',
        ),
      }),
    }),
    loss: compiled ? run : loss,
    rng: new Rng(4),
    clipNorm: 1,
    loggers: [(event) => void (event.type === 'step' && losses.push(event.result.loss))],
  });
  await trainer.fit({ steps: 12 });
  const { compilations } = run;
  run.dispose();
  return { losses, compilations };
}

describe('compileLoss', () => {
  beforeAll(async () => {
    await useBackend('onnx');
  });

  it.each([0, 0.2])('gives the losses of the function itself, with dropout %f', async (dropout) => {
    const eager = await lossesOf(false, dropout);
    const compiled = await lossesOf(true, dropout);
    expect(compiled.compilations).toBe(1);
    expect(eager.losses).toHaveLength(12);
    for (const [i, value] of eager.losses.entries()) expect(compiled.losses[i]).toBeCloseTo(value, 4);
    expect(eager.losses.at(-1)).toBeLessThan(eager.losses[0]!);
  });
});
