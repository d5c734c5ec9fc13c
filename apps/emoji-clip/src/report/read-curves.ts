import type { Chart } from './curves';
import { figureByStep, readLog, thinned } from './read-log';

/** Loss and recall by step, and the time that the steps took, from a run's log. */
export async function readCurves(log: string): Promise<{ charts: Chart[]; seconds: number }> {
  const { steps, evaluations, seconds } = await readLog(log);
  const titles: Record<string, [label: string, colour: string]> = {
    imageToTextR1: ['picture to name, R@1', '#1f6feb'],
    imageToTextR5: ['picture to name, R@5', '#8ab4f8'],
    textToImageR1: ['name to picture, R@1', '#c2410c'],
    textToImageR5: ['name to picture, R@5', '#f0a36b'],
  };
  return {
    seconds,
    charts: [
      {
        title: 'Loss',
        curves: [{ label: 'loss', colour: '#444', points: thinned(figureByStep(steps, 'loss')) }],
      },
      {
        title: 'Recall on the unseen designer',
        unit: ' %',
        curves: Object.entries(titles).map(([name, [label, colour]]) => ({
          label,
          colour,
          points: figureByStep(evaluations, name).map(([step, value]) => [step, 100 * value] as const),
        })),
      },
    ],
  };
}
