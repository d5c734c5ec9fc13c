import { ConfigError } from '@crossmodal/core';
import type { SentimentEvaluation } from './evaluate-sentiment';

/** Watches a figure, and aborts once it has not become better for a while. Aborts with the signal given, too. */
export class EarlyStopping {
  isOver = false;
  private readonly controller = new AbortController();
  private best = Number.NaN;
  private worse = 0;
  private readonly passOn = () => this.controller.abort(this.given?.reason);

  constructor(
    private readonly metric: string,
    private readonly patience: number | undefined,
    private readonly given: AbortSignal | undefined,
  ) {
    if (given?.aborted) this.passOn();
    given?.addEventListener('abort', this.passOn);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** @throws ConfigError when the figure is not among those of the task. */
  note(figures: Partial<SentimentEvaluation>): void {
    if (this.patience === undefined) return;
    const value = figures[this.metric as keyof SentimentEvaluation];
    if (typeof value !== 'number')
      throw new ConfigError(
        `trainSentiment: evaluate.metric: expected one of ${Object.keys(figures).join(', ')}, received ${this.metric}.`,
      );
    const isLess = this.metric === 'loss' || this.metric === 'meanAbsoluteError';
    if (Number.isNaN(this.best) || (isLess ? value < this.best : value > this.best)) {
      this.best = value;
      this.worse = 0;
      return;
    }
    if (++this.worse < this.patience) return;
    this.isOver = true;
    this.controller.abort();
  }

  dispose(): void {
    this.given?.removeEventListener('abort', this.passOn);
  }
}
