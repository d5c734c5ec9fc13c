import * as tf from '@tensorflow/tfjs-core';
import type { Module } from '../module';
import { clipScale } from '../optim/clip-scale';
import type { Parameter } from '../parameter';
import { withPrecision } from '../precision';
import type { Rng } from '../rng';
import { BufferSnapshot } from './buffer-snapshot';
import { type AccumulatedResult, GradientAccumulator } from './gradient-accumulator';
import { settle } from './settle';
import type { TrainerOptions } from './trainer-options';

/** Why a step changed nothing, and whether it was for the gradient alone. */
export interface SkippedStep {
  skipped: string;
  lossIsFinite: boolean;
}

/** One step: micro-batches in, one update of the weights out, or none where something is not finite. */
export class TrainingStep<M extends Module, B> {
  /** Samples in its micro-batches. */
  items = 0;
  readonly started = performance.now();
  private readonly options: TrainerOptions<M, B>;
  private readonly parameters: ReadonlyMap<string, Parameter>;
  private readonly rng: Rng;
  private readonly accumulator: GradientAccumulator;
  private readonly buffers: BufferSnapshot;

  /** @param lossScale With a number, forward and backward passes are in float16 and the loss is scaled by it. */
  constructor(
    options: TrainerOptions<M, B>,
    parameters: ReadonlyMap<string, Parameter>,
    rng: Rng,
    readonly lossScale?: number,
  ) {
    this.options = options;
    this.accumulator = new GradientAccumulator(lossScale);
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
      else {
        withPrecision(this.lossScale === undefined ? 'f32' : 'f16', () =>
          this.accumulator.add(() => loss(model, batch, context), this.parameters),
        );
      }
    } finally {
      tf.dispose(batch as tf.TensorContainer);
    }
  }

  /** Updates the weights; or returns why not, and then nothing has changed, buffers neither. */
  async finish(learningRate: number): Promise<AccumulatedResult | SkippedStep> {
    const { optimizer, average, afterStep, model } = this.options;
    const update = optimizer.scalesOnDevice
      ? this.updateAndRead(learningRate)
      : this.readAndUpdate(learningRate);
    const { result, finite } = await update;
    if (!finite) {
      const bad = await this.accumulator.nonFinite();
      const skipped = describe(result, bad, this.accumulator.gradients.size);
      return { skipped, lossIsFinite: Number.isFinite(result.loss) };
    }
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

  private async readAndUpdate(learningRate: number): Promise<Outcome> {
    const { optimizer, clipNorm } = this.options;
    const { gradients, scale } = this.accumulator;
    const outcome = await this.accumulator.read();
    if (outcome.finite) {
      const clip = clipNorm === undefined ? 1 : clipScale(outcome.result.gradientNorm, clipNorm);
      optimizer.step(gradients, { learningRate, gradientScale: scale * clip });
    }
    return outcome;
  }

  /** The device has the update before the loss is known here, and leaves it out by itself where it must. */
  private async updateAndRead(learningRate: number): Promise<Outcome> {
    const { optimizer, clipNorm } = this.options;
    await settle();
    const scaled = this.accumulator.clippedScale(clipNorm);
    try {
      optimizer.step(this.accumulator.gradients, { learningRate, gradientScale: scaled.gradientScale });
      const outcome = await this.accumulator.read(scaled);
      if (!outcome.finite) optimizer.uncountStep?.();
      return outcome;
    } finally {
      tf.dispose(scaled);
    }
  }
}

interface Outcome {
  result: AccumulatedResult;
  finite: boolean;
}

function describe({ loss, gradientNorm }: AccumulatedResult, bad: string[], all: number): string {
  const list = bad.slice(0, 5).join(', ') + (bad.length > 5 ? ', ...' : '');
  const gradient =
    bad.length > 0
      ? `the gradient is not finite for ${bad.length} of ${all} parameters: ${list}`
      : `the norm of the gradient is ${gradientNorm}`;
  return `the loss is ${loss}; ${gradient}.`;
}
