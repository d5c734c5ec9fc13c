import * as tf from '@tensorflow/tfjs-core';
import { loadLatestCheckpoint } from '../checkpoint/load-latest-checkpoint';
import { CheckpointError, ConfigError, DataError, TrainingError } from '../errors';
import type { Module } from '../module';
import type { Parameter } from '../parameter';
import { computesInF16 } from '../precision';
import type { Rng } from '../rng';
import { CheckpointKeeper } from './checkpoint-keeper';
import { EventSender } from './event-sender';
import { LossScaler } from './loss-scaler';
import { progressLogger } from './progress-logger';
import type { FitOptions, FitResult, TrainerOptions } from './trainer-options';
import type { StepResult } from './training-event';
import { TrainingStep } from './training-step';
import { yieldToEventLoop } from './yield-to-event-loop';

const MOST_NON_FINITE = 3;

/**
 * Trains a model. A run that is stopped in any way and resumed has, bit for bit, the weights of one that never was.
 * A step whose loss or gradient is not finite is skipped; after three in a row training stops.
 *
 * @example
 * const trainer = new Trainer({
 *   model,
 *   optimizer: new AdamW(model, { weightDecay: 0.1 }),
 *   schedule: withWarmup(cosineSchedule({ learningRate: 1e-3, steps: 900 }), 100),
 *   data: new DataLoader(dataset, { batchSize: 64, shuffle: true, rng: new Rng(0), collate }),
 *   loss: (model, { x, y }, context) => ({ loss: softmaxCrossEntropy(model.forward(x, context), y) }),
 *   rng: new Rng(1),
 *   checkpoints: { store: new FolderCheckpointStore('runs/first'), everyMinutes: 5 },
 * });
 * await trainer.resume();
 * await trainer.fit({ steps: 1000 });
 */
export class Trainer<M extends Module, B> {
  private readonly options: TrainerOptions<M, B>;
  private readonly rng: Rng;
  private readonly parameters: ReadonlyMap<string, Parameter>;
  private readonly keeper: CheckpointKeeper | undefined;
  private readonly events: EventSender;
  /** In float16. */
  private readonly scaler: LossScaler | undefined;
  private stepsDone = 0;
  private nonFiniteInARow = 0;
  private metrics: Record<string, number> = {};
  private last: StepResult | undefined;
  private resumed = false;
  private running = false;

  constructor(options: TrainerOptions<M, B>) {
    const { accumulate = 1, clipNorm = 1, evaluate, checkpoints, loggers = [progressLogger()] } = options;
    requireCount('accumulate', accumulate);
    if (evaluate) requireCount('evaluate.every', evaluate.every);
    if (!(clipNorm > 0)) {
      throw new ConfigError(`Trainer: clipNorm: expected a number above 0, received ${clipNorm}.`);
    }
    if (options.precision === 'f16') {
      if ('valueAndGrad' in options.loss) {
        throw new ConfigError(
          "Trainer: precision: 'f16' needs a loss function: one with a valueAndGrad of its own takes care of precision itself.",
        );
      }
      this.scaler = new LossScaler();
    }
    this.options = options;
    this.rng = options.rng.split('Trainer');
    this.parameters = options.model.namedParameters();
    this.keeper = checkpoints && new CheckpointKeeper(checkpoints);
    this.events = new EventSender(loggers);
  }

  /** Steps done, those of resumed runs included. */
  get step(): number {
    return this.stepsDone;
  }

  /**
   * Goes back to the newest intact checkpoint; damaged ones are passed over with a warning.
   *
   * @returns Its step, or undefined when there is none.
   * @throws CheckpointError when it does not fit the model, optimizer or average.
   */
  async resume(): Promise<number | undefined> {
    const { model, optimizer, average, data, config = null } = this.options;
    if (!this.keeper) throw new ConfigError('Trainer.resume: needs the option checkpoints: { store }.');
    const checkpoint = await loadLatestCheckpoint(this.keeper.store, (message) => this.warn(message));
    this.resumed = true;
    if (!checkpoint) return undefined;
    const { trainer: state, states } = checkpoint;
    const needs = ['model', 'optimizer', ...(average ? ['average'] : [])];
    const holds = Object.keys(states);
    if (holds.length !== needs.length || !needs.every((name) => holds.includes(name))) {
      throw new CheckpointError(
        `Trainer.resume: the checkpoint holds ${holds.join(', ')}; this trainer needs ${needs.join(', ')}.`,
      );
    }
    model.loadStateDict(states['model']!);
    optimizer.loadStateDict(states['optimizer']!);
    average?.loadStateDict(states['average']!);
    data.restore(state.data);
    this.rng.restore(state.rng);
    this.stepsDone = state.step;
    this.nonFiniteInARow = state.nonFiniteInARow;
    if (state.lossScaler) this.scaler?.restore(state.lossScaler);
    this.metrics = state.metrics;
    this.keeper.best = state.best;
    this.keeper.stored(state.step);
    await this.events.send({ type: 'resume', step: state.step });
    if (JSON.stringify(state.config) !== JSON.stringify(config)) {
      await this.warn('The config of the checkpoint differs from that of this run.');
    }
    return state.step;
  }

  /**
   * Trains until a total of steps or epochs is reached, or until `signal` is aborted: then it finishes the step,
   * saves a checkpoint (where it has a store) and returns.
   *
   * @throws TrainingError after three steps in a row that are not finite; DataError when a sample cannot be read;
   * CheckpointError when a checkpoint cannot be written; and what the loss function throws. The model is then as it
   * was after the last whole step.
   */
  async fit(goal: FitOptions): Promise<FitResult> {
    if (this.running) throw new ConfigError('Trainer.fit: it is running already.');
    requireCount('fit: steps or epochs', goal.steps ?? goal.epochs);
    if (![...this.parameters.values()].some((parameter) => parameter.trainable)) {
      throw new ConfigError('Trainer.fit: the model has no trainable parameter. Unfreeze some.');
    }
    this.running = true;
    let reason: StopReason | 'failed' = 'failed';
    try {
      await this.refuseUsedStore();
      await this.events.send({ type: 'start', step: this.step, totalSteps: this.totalSteps(goal) });
      if (this.scaler && !computesInF16()) {
        await this.warn(
          `precision: the engine ${tf.getBackend()} has no float16 here; it computes in float32.`,
        );
      }
      const outcome = await this.run(goal);
      if (this.keeper && this.step > 0 && !this.keeper.isStored(this.step)) await this.save(this.keeper);
      reason = outcome;
      return { reason: outcome, step: this.step, last: this.last, metrics: this.metrics };
    } finally {
      this.running = false;
      await this.events.send({ type: 'end', step: this.step, reason });
    }
  }

  private async run({ steps = Infinity, epochs = Infinity, signal }: FitOptions): Promise<StopReason> {
    const reasonToStop = (): StopReason | undefined => {
      if (this.step >= steps || this.options.data.state().epoch >= epochs) return 'finished';
      return signal?.aborted ? 'aborted' : undefined;
    };
    let reason = reasonToStop();
    while (!reason) reason = (await this.runEpoch(reasonToStop)) ?? reasonToStop();
    return reason;
  }

  /** Goes through the rest of an epoch, or until there is a reason to stop. */
  private async runEpoch(reasonToStop: () => StopReason | undefined): Promise<StopReason | undefined> {
    const { data, accumulate = 1 } = this.options;
    const { epoch, position } = data.state();
    let taken = position;
    let step = this.newStep();
    try {
      for await (const batch of data) {
        const before = taken;
        taken = data.state().position;
        await step.add(batch, taken - before);
        if (step.count < accumulate) continue;
        await this.finishStep(step, epoch);
        const reason = reasonToStop();
        if (reason) return reason;
        step = this.newStep();
      }
      if (step.count > 0) await this.finishStep(step, epoch);
    } finally {
      step.dispose();
    }
    if (taken === 0) {
      throw new DataError(
        'Trainer.fit: data: an epoch has no batch. Is the data set empty, or below batchSize?',
      );
    }
    return undefined;
  }

  private newStep(): TrainingStep<M, B> {
    const lossScale = computesInF16() ? this.scaler?.scale : undefined;
    return new TrainingStep(this.options, this.parameters, this.rng.split(this.step), lossScale);
  }

  /** The update, and all that is due after it. */
  private async finishStep(step: TrainingStep<M, B>, epoch: number): Promise<void> {
    const learningRate = this.options.schedule(this.step);
    const outcome = await step.finish(learningRate);
    step.dispose();
    this.stepsDone++;
    const { lossScale } = step;
    if (lossScale !== undefined) this.scaler!.update(!('skipped' in outcome));
    if ('skipped' in outcome) {
      // A gradient that is too large for float16 under its scale is no fault of the run: the scale is smaller now.
      const overflowed = lossScale !== undefined && lossScale > 1 && outcome.lossIsFinite;
      await this.noteSkip(outcome.skipped, overflowed ? lossScale : undefined);
    } else {
      const seconds = (performance.now() - step.started) / 1000;
      this.nonFiniteInARow = 0;
      const scaled = lossScale !== undefined && { lossScale };
      this.last = { ...outcome, learningRate, ...scaled, items: step.items, seconds };
      await this.events.send({ type: 'step', step: this.step, epoch, result: this.last });
    }
    const evaluated = await this.evaluateIfDue();
    if (this.keeper?.isDue(this.step, evaluated)) await this.save(this.keeper);
    await yieldToEventLoop();
  }

  private async noteSkip(why: string, overflowedScale?: number): Promise<void> {
    if (overflowedScale === undefined) this.nonFiniteInARow++;
    const inARow = this.nonFiniteInARow;
    const scale =
      overflowedScale === undefined ? '' : ` The scale of the loss was ${overflowedScale}: it is halved.`;
    const reason = why + scale;
    await this.events.send({ type: 'skip', step: this.step, reason, inARow });
    if (overflowedScale !== undefined || inARow < MOST_NON_FINITE) return;
    throw new TrainingError(
      `Trainer.fit: stopped at step ${this.step}, the ${MOST_NON_FINITE}rd in a row that was not finite: ${reason} ` +
        'The weights are those of the last good step. Look at the data, or try a lower learning rate or clipNorm.',
    );
  }

  private async evaluateIfDue(): Promise<Record<string, number> | undefined> {
    const { model, evaluate, average } = this.options;
    if (!evaluate || this.step % evaluate.every !== 0) return undefined;
    const run = () => evaluate.run(model);
    this.metrics = await (average ? average.withAveraged(run) : run());
    await this.events.send({ type: 'evaluation', step: this.step, metrics: this.metrics });
    return this.metrics;
  }

  private async save(keeper: CheckpointKeeper): Promise<void> {
    const { model, optimizer, average, data, config = null } = this.options;
    const { step, nonFiniteInARow, metrics } = this;
    const { best } = keeper;
    const trainer = {
      step,
      rng: this.rng.state(),
      data: data.state(),
      nonFiniteInARow,
      ...(this.scaler && { lossScaler: this.scaler.state() }),
      metrics,
      best,
      config,
    };
    const states = {
      model: await model.stateDict({ adapters: true }),
      optimizer: await optimizer.stateDict(),
      ...(average && { average: await average.stateDict() }),
    };
    await keeper.save({ step, states, trainer }, (message) => this.warn(message));
    await this.events.send({ type: 'checkpoint', step });
  }

  private async refuseUsedStore(): Promise<void> {
    if (!this.keeper || this.step > 0 || this.resumed) return;
    const steps = await this.keeper.store.list();
    if (steps.length === 0) return;
    throw new ConfigError(
      `Trainer.fit: the store has checkpoints of another run, up to step ${steps.at(-1)}. ` +
        'Call await trainer.resume() to go on from there, or use an empty one.',
    );
  }

  private totalSteps({ steps, epochs }: FitOptions): number | undefined {
    const { data, accumulate = 1 } = this.options;
    if (epochs === undefined || data.length === undefined) return steps;
    return epochs * Math.ceil(data.length / accumulate);
  }

  private async warn(message: string): Promise<void> {
    await this.events.send({ type: 'warning', step: this.step, message });
  }
}

type StopReason = FitResult['reason'];

function requireCount(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 1) return;
  throw new ConfigError(`Trainer: ${name}: expected an integer from 1, received ${value}.`);
}
