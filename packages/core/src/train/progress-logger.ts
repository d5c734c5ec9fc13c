import type { Logger, StepResult } from './training-event';

/** Where text goes: `process.stderr`, or anything like it. */
export interface ProgressStream {
  write(text: string): unknown;
  /** Whether it is a terminal, which can redraw its last line. */
  isTTY?: boolean;
  columns?: number;
}

export interface ProgressLoggerOptions {
  /** Default: standard error in Node, the console elsewhere. */
  stream?: ProgressStream;
  /** Time between lines where there is no terminal. Default 10. */
  everySeconds?: number;
}

const REDRAW_SECONDS = 0.1;
const BAR_WIDTH = 20;
/** Weight of a step in rate and time left, against the next. */
const MEMORY = 0.95;

/** Shows a run: a bar in a terminal (step, loss, rate, time left), a plain line now and then otherwise. */
export function progressLogger(options: ProgressLoggerOptions = {}): Logger {
  const { stream = defaultStream(), everySeconds = 10 } = options;
  const interval = stream.isTTY ? REDRAW_SECONDS : everySeconds;
  let totalSteps: number | undefined;
  let recent = { steps: 0, items: 0, seconds: 0 };
  let waited = Infinity; // the first step is shown
  let pending = ''; // the last step, not shown yet
  let bar = ''; // what the last line of the terminal shows

  const print = (text: string) => stream.write(bar ? `\r\x1b[K${text}\n${bar}` : `${text}\n`);
  const showStep = () => {
    waited = 0;
    if (stream.isTTY) {
      bar = pending.slice(0, (stream.columns ?? 80) - 1);
      stream.write(`\r\x1b[K${bar}`);
    } else print(pending);
    pending = '';
  };
  const describe = (step: number, { loss, metrics }: StepResult) => {
    const parts = [`step ${step}${totalSteps ? `/${totalSteps}` : ''}`];
    if (totalSteps && stream.isTTY) {
      const filled = Math.min(BAR_WIDTH, Math.floor((BAR_WIDTH * step) / totalSteps));
      parts.push(`[${'#'.repeat(filled).padEnd(BAR_WIDTH, '.')}]`);
    }
    parts.push(figures({ loss, ...metrics }), `${significant(recent.items / recent.seconds)} items/s`);
    if (totalSteps) parts.push(`ETA ${duration((recent.seconds / recent.steps) * (totalSteps - step))}`);
    return parts.join('  ');
  };

  return (event) => {
    switch (event.type) {
      case 'start':
        totalSteps = event.totalSteps;
        break;
      case 'step': {
        const { items, seconds } = event.result;
        recent = {
          steps: recent.steps * MEMORY + 1,
          items: recent.items * MEMORY + items,
          seconds: recent.seconds * MEMORY + seconds,
        };
        waited += seconds;
        pending = describe(event.step, event.result);
        if (waited >= interval) showStep();
        break;
      }
      case 'skip':
        print(`step ${event.step} skipped (${event.inARow} in a row): ${event.reason}`);
        break;
      case 'evaluation':
        print(`step ${event.step} evaluation  ${figures(event.metrics)}`);
        break;
      case 'resume':
        print(`resumed at step ${event.step}`);
        break;
      case 'warning':
        print(`warning: ${event.message}`);
        break;
      case 'end':
        if (pending) showStep();
        if (bar) stream.write('\n');
        bar = '';
        if (event.reason !== 'finished') print(`${event.reason} at step ${event.step}`);
        break;
    }
  };
}

function figures(metrics: Record<string, number>): string {
  return Object.entries(metrics)
    .map(([name, value]) => `${name} ${value.toPrecision(4)}`)
    .join('  ');
}

/** Three significant digits, no exponent for what a rate may be. */
function significant(x: number): string {
  return x >= 100 ? String(Math.round(x)) : x.toPrecision(3);
}

/** `3:07` or `1:03:07`. */
function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (parts[0] === 0) parts.shift();
  return parts.map((part, i) => (i === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}

function defaultStream(): ProgressStream {
  const { process } = globalThis as { process?: { stderr?: ProgressStream } };
  return process?.stderr ?? { write: (text) => console.log(text.trimEnd()) };
}
