import * as tf from '@tensorflow/tfjs-core';
import type { Module } from '../module';
import { clipScale } from '../optim/clip-scale';
import type { Parameter } from '../parameter';
import type { Rng } from '../rng';
import { BufferSnapshot } from './buffer-snapshot';
import { type AccumulatedResult, GradientAccumulator } from './gradient-accumulator';
import type { TrainerOptions } from './trainer-options';

/** One step: micro-batches in, one update of the weights out, or none where something is not finite. */
export class TrainingStep<M extends Module, B> {
  /** Samples in its micro-batches. */
  items = 0;
  readonly started = performance.now();
  private readonly options: TrainerOptions<M, B>;
  private readonly parameters: ReadonlyMap<string, Parameter>;
  private readonly rng: Rng;
  private readonly accumulator = new GradientAccumulator();
  private readonly buffers: BufferSnapshot;

  constructor(options: TrainerOptions<M, B>, parameters: ReadonlyMap<string, Parameter>, rng: Rng) {
    this.options = options;
    this.parameters = parameters;
    this.rng = rng;
    this.buffers = new BufferSnapshot(parameters.values());
  }

  /** Micro-batches added. */
  get count(): number {
    return this.accumulator.count;
  }

  /** Forward and backward of a micro-batch, whose tensors are released. */
  async add(batch: B, items: number): Promise<void> {
    this.items += items;
    const { model, loss } = this.options;
    const context = { training: true, rng: this.rng.split(this.count) };
    try {
      if ('valueAndGrad' in loss) this.accumulator.addResult(await loss.valueAndGrad(model, batch, context));
      else this.accumulator.add(() => loss(model, batch, context), this.parameters);
    } finally {
      tf.dispose(batch as tf.TensorContainer);
    }
  }

  /** Updates the weights; or returns why not, and then nothing has changed, buffers neither. */
  async finish(learningRate: number): Promise<AccumulatedResult | { skipped: string }> {
    const { optimizer, clipNorm, average, afterStep, model } = this.options;
    const { gradients, scale } = this.accumulator;
    const result = await this.accumulator.read();
    if (!Number.isFinite(result.loss) || !Number.isFinite(result.gradientNorm)) {
      return { skipped: describe(result, await this.accumulator.nonFinite(), gradients.size) };
    }
    const clip = clipNorm === undefined ? 1 : clipScale(result.gradientNorm, clipNorm);
    optimizer.step(gradients, { learningRate, gradientScale: scale * clip });
    if (afterStep) tf.tidy(() => afterStep(model));
    average?.update();
    this.buffers.release();
    return result;
  }

  /** Releases gradients; puts the buffers back if the step did not come to its end. */
  dispose(): void {
    this.accumulator.dispose();
    this.buffers.restore();
  }
}

function describe({ loss, gradientNorm }: AccumulatedResult, bad: string[], all: number): string {
  const list = bad.slice(0, 5).join(', ') + (bad.length > 5 ? ', ...' : '');
  const gradient =
    bad.length > 0
      ? `the gradient is not finite for ${bad.length} of ${all} parameters: ${list}`
      : `the norm of the gradient is ${gradientNorm}`;
  return `the loss is ${loss}; ${gradient}.`;
}
