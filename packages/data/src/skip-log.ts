import { DataError } from '@crossmodal/core';

/** A sample that was left out. */
export interface Skip {
  key: string;
  /** Few words, the same for all of the kind: `no text`. */
  reason: string;
  /** What was wrong with this one. */
  detail: string;
}

/** What was read and left out since the stream was made. */
export interface SkipReport {
  /** Samples looked at. */
  read: number;
  /** Those left out. */
  skipped: number;
  /** By reason, the most frequent first, with the first few of each. */
  reasons: { reason: string; count: number; examples: Skip[] }[];
}

/** Samples looked at before a share of bad ones means anything. */
const ENOUGH = 100;
const EXAMPLES = 3;

/** Counts, and stops a run whose data are mostly bad. */
export class SkipLog {
  private readonly where: string;
  private readonly maxShare: number;
  private readonly onSkip: ((skip: Skip) => void) | undefined;
  private read = 0;
  private skipped = 0;
  private readonly reasons = new Map<string, { count: number; examples: Skip[] }>();

  constructor(where: string, maxShare: number, onSkip?: (skip: Skip) => void) {
    this.where = where;
    this.maxShare = maxShare;
    this.onSkip = onSkip;
  }

  /** Counts a sample that was looked at. */
  look(): void {
    this.read++;
  }

  /** Counts one that cannot be used. @throws DataError when too many cannot. */
  skip(skip: Skip): void {
    this.skipped++;
    const entry = this.reasons.get(skip.reason) ?? { count: 0, examples: [] };
    this.reasons.set(skip.reason, entry);
    entry.count++;
    if (entry.examples.length < EXAMPLES) entry.examples.push(skip);
    this.onSkip?.(skip);
    if (this.read >= ENOUGH && this.skipped > this.maxShare * this.read) {
      throw new DataError(
        `${this.where}: ${this.skipped} of ${this.read} samples cannot be used, more than maxSkipShare = ${this.maxShare}.\n` +
          this.summary(),
      );
    }
  }

  report(): SkipReport {
    const reasons = [...this.reasons].map(([reason, { count, examples }]) => ({
      reason,
      count,
      examples: [...examples],
    }));
    reasons.sort((a, b) => b.count - a.count);
    return { read: this.read, skipped: this.skipped, reasons };
  }

  /** A line for each reason. */
  summary(): string {
    return this.report()
      .reasons.map(({ reason, count, examples: [first] }) => {
        const detail = first!.detail === reason ? '' : ` (${first!.detail})`;
        return `  ${reason}: ${count}, first ${first!.key}${detail}`;
      })
      .join('\n');
  }
}
