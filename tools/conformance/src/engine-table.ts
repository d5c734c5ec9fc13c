import type { Findings, OperationFindings } from './findings';

/** What lasts of an engine's findings: nothing that changes from run to run, or with each new test of core. */
export interface Result {
  operations: OperationFindings;
  /** Tests of core's suites that fail as is known: reason to how many. */
  failing: Record<string, number>;
  training: { steps: number; tolerance: number; reason?: string; models: string[] };
}

/** The result of a whole run of an engine. */
export function resultOf({ operations, core, training }: Findings): Result {
  if (!operations || !core || !training) throw new Error('resultOf: findings of a whole run are needed.');
  return {
    operations,
    failing: core.failing,
    training: { ...training, models: Object.keys(training.models) },
  };
}

/** The README's table of engines, in Markdown. */
export function engineTable(results: Result[]): string {
  const header = [
    'engine',
    "operations equal to `cpu`'s",
    "core's suites",
    'training steps',
    'known differences',
  ];
  const rows = results.map(({ operations, failing, training }) => {
    const known = Object.values(failing).reduce((a, b) => a + b, 0);
    const { steps, tolerance, reason, models } = training;
    return [
      operations.label,
      `${number(operations.equal)} of ${number(operations.checked)}`,
      known === 0 ? 'all pass' : `all but ${known} pass`,
      `${steps} of ${models.length} models, within ${tolerance}${reason ? ` (${reason})` : ''}`,
      differences(operations, failing) || 'none',
    ];
  });
  return [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function differences({ unlike, tolerances }: OperationFindings, failing: Record<string, number>): string {
  return [
    ...Object.entries(unlike).map(([reason, count]) => `${count} operations: ${reason}`),
    ...Object.entries(tolerances).map(([reason, tolerance]) => `tolerance ${tolerance}: ${reason}`),
    ...Object.entries(failing).map(([reason, count]) => `${count} of core's tests: ${reason}`),
  ].join('; ');
}

const number = (n: number) => n.toLocaleString('en');

const BEGIN = '<!-- engines: written by npm run conformance -->';
const END = '<!-- /engines -->';

/** The README with the table between its markers. */
export function withTable(readme: string, table: string): string {
  const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`withTable: the README has no ${BEGIN} before ${END}.`);
  return `${readme.slice(0, begin + BEGIN.length)}\n\n${table}\n\n${readme.slice(end)}`;
}
