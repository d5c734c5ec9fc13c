import { readFile } from 'node:fs/promises';
import type { Chart } from './curves';

/** Most points of a curve: more cannot be seen. */
const MOST_POINTS = 400;

interface LogLine {
  type: string;
  step: number;
  loss?: number;
  seconds?: number;
  metrics?: Record<string, number>;
}

/** Loss and recall by step, and the time that the steps took, from a run's log. Of steps that were taken twice (a run was killed), the last counts. */
export async function readCurves(log: string): Promise<{ charts: Chart[]; seconds: number }> {
  const losses = new Map<number, number>();
  const durations = new Map<number, number>();
  const recalls = new Map<string, Map<number, number>>();
  for (const line of (await readFile(log, 'utf8')).split('\n')) {
    const entry = parse(line);
    if (entry?.type === 'step') {
      if (typeof entry.loss === 'number') losses.set(entry.step, entry.loss);
      durations.set(entry.step, entry.seconds ?? 0);
    }
    if (entry?.type === 'evaluation') {
      for (const [name, value] of Object.entries(entry.metrics ?? {})) {
        if (!recalls.has(name)) recalls.set(name, new Map());
        recalls.get(name)!.set(entry.step, 100 * value);
      }
    }
  }
  const titles: Record<string, [label: string, colour: string]> = {
    imageToTextR1: ['picture to name, R@1', '#1f6feb'],
    imageToTextR5: ['picture to name, R@5', '#8ab4f8'],
    textToImageR1: ['name to picture, R@1', '#c2410c'],
    textToImageR5: ['name to picture, R@5', '#f0a36b'],
  };
  return {
    seconds: [...durations.values()].reduce((sum, seconds) => sum + seconds, 0),
    charts: [
      {
        title: 'Loss',
        curves: [{ label: 'loss', colour: '#444', points: thinned([...losses].sort(byStep)) }],
      },
      {
        title: 'Recall on the unseen designer',
        unit: ' %',
        curves: Object.entries(titles).map(([name, [label, colour]]) => ({
          label,
          colour,
          points: [...(recalls.get(name) ?? [])].sort(byStep),
        })),
      },
    ],
  };
}

type Point = [step: number, value: number];
const byStep = (a: Point, b: Point) => a[0] - b[0];

/** Means of equal stretches of a long curve. */
function thinned(points: Point[]): Point[] {
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
