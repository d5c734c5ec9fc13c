import type { Interval } from '../measure/bootstrap';
import type { EditorialFigures } from '../tasks/editorials';
import type { ReviewFigures } from '../tasks/hotel-reviews';
import type { TestFigures } from '../tasks/picture-sentences';

/** Everything that a run measures. */
export interface Figures {
  tests: readonly TestFigures[];
  /** Mean size of each modality's share in what the kept model says. */
  contribution: { text: number; image: number };
  reviews?: ReviewFigures | undefined;
  editorials?: EditorialFigures | undefined;
}

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** `71.2 % [69.0, 73.1]` */
export const percentInterval = ({ value, low, high }: Interval): string =>
  `${percent(value)} [${(100 * low).toFixed(1)}, ${(100 * high).toFixed(1)}]`;

/** `0.451 [0.430, 0.470]` */
export const interval = ({ value, low, high }: Interval): string =>
  `${value.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;

const NAMES: Readonly<Record<string, string>> = {
  text: 'text only',
  image: 'picture only',
  concat: 'both, concatenated',
  gated: 'both, gated',
  average: 'both, averaged decisions',
};

/** What a model is called for people. */
export const modelName = (kind: string): string => NAMES[kind] ?? kind;

/** The figures of a test set, a line for each model, under a header. */
export function testRows({ majority, models, gains, towers }: TestFigures): string[][] {
  return [
    ['', 'accuracy [95 %]'],
    ['majority', percent(majority)],
    ...models.map(({ model, accuracy }) => [modelName(model), percentInterval(accuracy)]),
    ...gains.map(({ over, difference }) => [
      `${modelName(models[2]!.model)} minus ${modelName(over)}`,
      percentInterval(difference),
    ]),
    [
      'ratings guessed by the towers, r',
      `text ${towers.text.toFixed(2)}, picture ${towers.image.toFixed(2)}`,
    ],
  ];
}

/** Figures of the tasks on texts alone, under a header. */
export function textRows({ reviews, editorials }: Figures): string[][] {
  return [
    ['', 'measured [95 %]', 'beside'],
    ...(reviews
      ? [
          [
            `Chinese hotel reviews (${reviews.test}), accuracy`,
            percentInterval(reviews.accuracy),
            `majority ${percent(reviews.majority)}`,
          ],
        ]
      : []),
    ...(editorials
      ? [
          [
            `editorials (${editorials.test}), Pearson's r`,
            interval(editorials.pearson),
            `towers alone ${interval(editorials.towers)}, ratings of words alone ${interval(editorials.words)}; both minus words ${interval(editorials.gain)}`,
          ],
        ]
      : []),
  ];
}
