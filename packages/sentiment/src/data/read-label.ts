import { SkipSample } from '@crossmodal/data';

/** Classes by what data sets call them. */
export type LabelNames = Readonly<Record<string, number>>;

export const usualLabels: LabelNames = {
  negative: 0,
  neutral: 1,
  positive: 2,
  neg: 0,
  neu: 1,
  pos: 2,
  0: 0,
  1: 1,
  2: 2,
};

/** The class that a label names, in any case. @throws SkipSample when it names none. */
export function readClass(value: unknown, names: LabelNames = usualLabels): number {
  const name = String(value).trim();
  for (const known of [name, name.toLowerCase()]) if (Object.hasOwn(names, known)) return names[known]!;
  throw new SkipSample(
    'unknown label',
    `expected one of ${Object.keys(names).join(', ')}, received ${JSON.stringify(name.slice(0, 50))}.`,
  );
}

/** A score. @throws SkipSample when it is no number from `low` to `high`. */
export function readScore(value: unknown, [low, high]: readonly [number, number]): number {
  const text = typeof value === 'string' ? value.trim() : value;
  const score = typeof text === 'number' || (typeof text === 'string' && text !== '') ? Number(text) : NaN;
  if (score >= low && score <= high) return score;
  throw new SkipSample(
    'label out of range',
    `expected a number from ${low} to ${high}, received ${JSON.stringify(String(value).slice(0, 50))}.`,
  );
}
