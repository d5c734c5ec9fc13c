import { readFile } from 'node:fs/promises';

/** What a log says of a run, by step. Of steps that were taken twice (a run was killed), the last counts. */
export interface RunLog {
  /** Loss and metrics of the steps. */
  steps: Map<number, Record<string, number>>;
  evaluations: Map<number, Record<string, number>>;
  /** What the steps took. */
  seconds: number;
}

export type Point = [step: number, value: number];

interface LogLine {
  type: string;
  step: number;
  loss?: number;
  seconds?: number;
  metrics?: Record<string, number>;
}

/** Reads what `jsonLinesLogger` wrote. */
export async function readLog(log: string): Promise<RunLog> {
  const steps: RunLog['steps'] = new Map();
  const evaluations: RunLog['evaluations'] = new Map();
  const durations = new Map<number, number>();
  for (const line of (await readFile(log, 'utf8')).split('\n')) {
    const entry = parse(line);
    if (entry?.type === 'step') {
      steps.set(entry.step, {
        ...entry.metrics,
        ...(typeof entry.loss === 'number' && { loss: entry.loss }),
      });
      durations.set(entry.step, entry.seconds ?? 0);
    }
    if (entry?.type === 'evaluation') evaluations.set(entry.step, entry.metrics ?? {});
  }
  return { steps, evaluations, seconds: [...durations.values()].reduce((sum, seconds) => sum + seconds, 0) };
}

/** One figure by step, in order of steps. */
export function figureByStep(figures: ReadonlyMap<number, Record<string, number>>, name: string): Point[] {
  return [...figures]
    .flatMap(([step, values]): Point[] => (values[name] === undefined ? [] : [[step, values[name]]]))
    .sort(([a], [b]) => a - b);
}

/** Most points of a curve: more cannot be seen. */
const MOST_POINTS = 400;

/** Means of equal stretches of a long curve. */
export function thinned(points: Point[]): Point[] {
  const stretch = Math.ceil(points.length / MOST_POINTS);
  return Array.from({ length: Math.ceil(points.length / stretch) || 0 }, (_, i) => {
    const part = points.slice(i * stretch, (i + 1) * stretch);
    return [part.at(-1)![0], part.reduce((sum, [, value]) => sum + value, 0) / part.length];
  });
}

/** A line that a killed process left unfinished is no line. */
function parse(line: string): LogLine | undefined {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return undefined;
  }
}
