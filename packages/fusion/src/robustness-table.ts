import { formatTable } from '@crossmodal/core';
import type { RobustnessCurve } from './robustness-curve';

/**
 * A curve as text: a line for each point, with the score and how far it is from the clean one.
 *
 * @example
 * console.log(robustnessTable({
 *   clean: 0.9,
 *   samples: 100,
 *   points: [{ modality: 'text', kind: 'absence', level: 1, score: 0.5 }],
 * }));
 * // modality                level  score  change ...
 */
export function robustnessTable({ clean, samples, points }: RobustnessCurve): string {
  const rows = points.map(({ modality, kind, level, score }) => [
    modality,
    kind === 'noise' ? 'noise of' : 'missing in',
    kind === 'noise' ? `${level} std` : `${Number((100 * level).toFixed(1))} %`,
    score.toFixed(3),
    (score - clean).toFixed(3),
  ]);
  const table = formatTable([['modality', '', 'level', 'score', 'change'], ...rows], [2, 3, 4]);
  return `${table}\nclean: ${clean.toFixed(3)} over ${samples} samples`;
}
