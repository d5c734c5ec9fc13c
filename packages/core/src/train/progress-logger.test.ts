import { describe, expect, it } from 'vitest';
import { type ProgressStream, progressLogger } from './progress-logger';
import type { TrainingEvent } from './training-event';

const step = (n: number, seconds: number, loss = 1 / n): TrainingEvent => ({
  type: 'step',
  step: n,
  epoch: 0,
  result: { loss, metrics: { accuracy: 0.5 }, learningRate: 1e-3, gradientNorm: 1, items: 32, seconds },
});

function capture(stream: Partial<ProgressStream>, events: TrainingEvent[]): string {
  let text = '';
  const log = progressLogger({ stream: { ...stream, write: (part) => (text += part) }, everySeconds: 10 });
  for (const event of events) log(event);
  return text;
}

/** What a terminal shows; \r always comes with "clear to the end of the line". */
function screen(text: string): string[] {
  const lines = [''];
  for (const part of text.replaceAll('\r\x1b[K', '\r').split(/([\r\n])/)) {
    if (part === '\n') lines.push('');
    else if (part === '\r') lines[lines.length - 1] = '';
    else lines[lines.length - 1] += part;
  }
  return lines;
}

describe('progressLogger', () => {
  const run: TrainingEvent[] = [
    { type: 'start', step: 0, totalSteps: 100 },
    step(1, 0.5),
    step(2, 0.5),
    { type: 'evaluation', step: 2, metrics: { recall: 0.123456 } },
    { type: 'skip', step: 3, reason: 'the loss is NaN.', inARow: 1 },
    ...Array.from({ length: 22 }, (_, i) => step(4 + i, 0.5)),
    { type: 'end', step: 25, reason: 'finished' },
  ];

  it('without a terminal: the first step, one each ten seconds, the last; no control characters', () => {
    expect(capture({}, run).split('\n')).toEqual([
      'step 1/100  loss 1.000  accuracy 0.5000  64.0 items/s  ETA 0:50',
      'step 2 evaluation  recall 0.1235',
      'step 3 skipped (1 in a row): the loss is NaN.',
      'step 22/100  loss 0.04545  accuracy 0.5000  64.0 items/s  ETA 0:39',
      'step 25/100  loss 0.04000  accuracy 0.5000  64.0 items/s  ETA 0:38',
      '',
    ]);
  });

  it('in a terminal: a bar in the last line, everything else above it', () => {
    const text = capture({ isTTY: true, columns: 200 }, run);
    expect(screen(text)).toEqual([
      'step 2 evaluation  recall 0.1235',
      'step 3 skipped (1 in a row): the loss is NaN.',
      'step 25/100  [#####...............]  loss 0.04000  accuracy 0.5000  64.0 items/s  ETA 0:38',
      '',
    ]);
    expect(screen(capture({ isTTY: true, columns: 200 }, run.slice(0, 3))).at(-1)).toContain('step 2/100');
  });

  it('redraws ten times a second at most, and never wraps', () => {
    const fast = [run[0]!, ...Array.from({ length: 1000 }, (_, i) => step(i + 1, 0.001))];
    const text = capture({ isTTY: true, columns: 30 }, fast);
    expect(text.split('\r').length - 1).toBeLessThanOrEqual(12);
    expect(Math.max(...screen(text).map((line) => line.length))).toBe(29);
  });

  it('tells a rate and no time left when the end is unknown, hours, and how it ended', () => {
    const text = capture({}, [
      { type: 'resume', step: 40 },
      { type: 'start', step: 40, totalSteps: undefined },
      { type: 'warning', step: 40, message: 'the config differs.' },
      step(41, 0.01),
      { type: 'end', step: 41, reason: 'aborted' },
    ]);
    expect(text.split('\n')).toEqual([
      'resumed at step 40',
      'warning: the config differs.',
      'step 41  loss 0.02439  accuracy 0.5000  3200 items/s',
      'aborted at step 41',
      '',
    ]);
    const long = capture({}, [{ type: 'start', step: 0, totalSteps: 10_000 }, step(1, 1.5)]);
    expect(long).toContain('ETA 4:09:59');
  });
});
