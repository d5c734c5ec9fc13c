import * as tf from '@tensorflow/tfjs-core';
import type { Evaluation, Guess, RunLog } from './run-log';
import type { RunUpdate } from './run-types';

/** Milliseconds between updates, unless there is something to see. */
const INTERVAL = 250;
/** Steps that the speed is the mean of. */
const RECENT = 20;

/** Gathers what happens in a run into its log, and sends it on a few times a second. */
export class UpdateSender {
  private sent = 0;
  private lastTime = 0;
  private evaluations: Evaluation[] = [];
  private guesses: Guess[][] | undefined;
  private seconds: number[] = [];

  constructor(
    readonly log: RunLog,
    private readonly send: (update: RunUpdate) => void,
  ) {
    this.sent = log.losses.length;
  }

  get step(): number {
    return this.log.losses.length;
  }

  /** @param loss null for a step that was skipped */
  addStep(step: number, loss: number | null, seconds?: number): void {
    this.log.losses[step - 1] = loss;
    if (seconds !== undefined) this.seconds = [...this.seconds.slice(1 - RECENT), seconds];
    if (performance.now() - this.lastTime >= INTERVAL) this.flush();
  }

  addEvaluation(evaluation: Evaluation, guesses: Guess[][]): void {
    const earlier = this.log.evaluations.filter(({ step }) => step < evaluation.step);
    this.log.evaluations = [...earlier, evaluation];
    this.log.guesses = guesses;
    this.evaluations.push(evaluation);
    this.guesses = guesses;
    this.flush();
  }

  flush(more: Pick<RunUpdate, 'restartedOn'> = {}): void {
    const { sent, guesses, evaluations, seconds } = this;
    const { numTensors, numBytes } = tf.memory();
    this.send({
      step: this.step,
      from: sent,
      losses: this.log.losses.slice(sent),
      evaluations,
      ...(guesses && { guesses }),
      ...(seconds.length > 0 && { secondsPerStep: seconds.reduce((a, b) => a + b, 0) / seconds.length }),
      tensors: numTensors,
      bytes: numBytes,
      ...more,
    });
    this.sent = this.step;
    this.evaluations = [];
    this.guesses = undefined;
    this.lastTime = performance.now();
  }
}
