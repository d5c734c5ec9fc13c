/** Held-out pictures that asked for their names. */
export interface Evaluation {
  step: number;
  /** Share of the pictures whose own name came first, or among the first five. */
  recallAt1: number;
  recallAt5: number;
}

/** What a held-out picture is taken for. */
export interface Guess {
  name: string;
  right: boolean;
}

/** What is shown of a run: its curves, up to a step. */
export interface RunLog {
  /** The loss of step 1, 2, ...; a step that was skipped has none. */
  losses: (number | null)[];
  evaluations: Evaluation[];
  /** By example, the likeliest first: of the last evaluation. */
  guesses: Guess[][];
}

export const emptyLog = (): RunLog => ({ losses: [], evaluations: [], guesses: [] });

/** The log as it was after a step: a run that goes on from a checkpoint does the later ones again. */
export function logUntil({ losses, evaluations, guesses }: RunLog, step: number): RunLog {
  return {
    losses: Array.from({ length: step }, (_, i) => losses[i] ?? null), // those that were not saved in time are lost
    evaluations: evaluations.filter((one) => one.step <= step),
    guesses,
  };
}

/**
 * The curve of the loss for a chart: means of neighbours, `points` at most.
 *
 * @returns Steps, and the mean loss up to each.
 */
export function lossCurve(
  losses: readonly (number | null)[],
  points = 400,
): { steps: number[]; values: number[] } {
  const size = Math.max(1, Math.ceil(losses.length / points));
  const steps: number[] = [];
  const values: number[] = [];
  for (let start = 0; start < losses.length; start += size) {
    const known = losses.slice(start, start + size).filter((loss) => loss !== null);
    if (known.length === 0) continue;
    steps.push(Math.min(start + size, losses.length));
    values.push(known.reduce((a, b) => a + b, 0) / known.length);
  }
  return { steps, values };
}
