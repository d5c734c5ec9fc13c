import type { Logger, TrainingEvent } from './training-event';

/** Tells loggers what happens. One that throws is switched off: training is worth more than its log. */
export class EventSender {
  private loggers: readonly Logger[];

  constructor(loggers: readonly Logger[]) {
    this.loggers = loggers;
  }

  async send(event: TrainingEvent): Promise<void> {
    for (const logger of this.loggers) {
      try {
        await logger(event);
      } catch (error) {
        this.loggers = this.loggers.filter((other) => other !== logger);
        const message = `A logger failed and is switched off: ${error instanceof Error ? error.message : error}`;
        await this.send({ type: 'warning', step: event.step, message });
      }
    }
  }
}
