/** What happens in a run, in the order it happens. `step` counts the steps done. */
export type TrainingEvent =
  | {
      type: 'start';
      step: number;
      /** Steps at which the run will end, where that is known. */
      totalSteps: number | undefined;
    }
  | { type: 'step'; step: number; epoch: number; result: StepResult }
  /** The loss or gradient was not finite: the weights were left as they are. */
  | { type: 'skip'; step: number; reason: string; inARow: number }
  | { type: 'evaluation'; step: number; metrics: Record<string, number> }
  | { type: 'checkpoint'; step: number }
  | { type: 'resume'; step: number }
  | { type: 'warning'; step: number; message: string }
  | { type: 'end'; step: number; reason: 'finished' | 'aborted' | 'failed' };

/** Figures of one step; means over its micro-batches. */
export interface StepResult {
  loss: number;
  metrics: Record<string, number>;
  learningRate: number;
  /** What the loss was multiplied by for its gradient, in float16. */
  lossScale?: number;
  /** Before clipping. */
  gradientNorm: number;
  /** Samples it took. */
  items: number;
  /** From the end of the step before, waiting for data included. */
  seconds: number;
}

/** Is told everything that happens. One that throws is switched off with a warning to the others. */
export type Logger = (event: TrainingEvent) => void | Promise<void>;
