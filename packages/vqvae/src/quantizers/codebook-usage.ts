import { ConfigError, DataError } from '@crossmodal/core';
import type * as tf from '@tensorflow/tfjs-core';
import { assertSize } from './check-inputs';

export interface CodebookUsageOptions {
  /** Codes of one codebook. */
  codebookSize: number;
  /** Codes of a position, each counted as of a codebook of its own. Default 1. */
  codesPerPosition?: number;
  /**
   * Collapsed is a codebook whose perplexity is below this share of what it could be: of codebookSize, or of the
   * positions seen where those are fewer. Default 0.1.
   */
  collapsedBelow?: number;
}

/**
 * Counts codes over many batches, to see whether the codebook is used; on the host.
 *
 * @example
 * const usage = new CodebookUsage(model.quantizer);
 * for (const batch of batches) await usage.add(model.encode(batch));
 * if (usage.isCollapsed) console.warn(usage.warning);
 */
export class CodebookUsage {
  readonly codebookSize: number;
  readonly codesPerPosition: number;
  private readonly collapsedBelow: number;
  /** [codesPerPosition, codebookSize] */
  private readonly counts: Float64Array;
  private positions = 0;

  constructor({ codebookSize, codesPerPosition = 1, collapsedBelow = 0.1 }: CodebookUsageOptions) {
    assertSize(codebookSize, 'CodebookUsage: codebookSize');
    assertSize(codesPerPosition, 'CodebookUsage: codesPerPosition');
    if (!(collapsedBelow >= 0 && collapsedBelow <= 1)) {
      throw new ConfigError(
        `CodebookUsage: collapsedBelow: expected a share in [0, 1], received ${collapsedBelow}.`,
      );
    }
    this.codebookSize = codebookSize;
    this.codesPerPosition = codesPerPosition;
    this.collapsedBelow = collapsedBelow;
    this.counts = new Float64Array(codebookSize * codesPerPosition);
  }

  /**
   * Counts the codes of a batch.
   *
   * @param codebookIndices int32, as a quantizer gives them; not disposed.
   * @throws DataError when an index is out of range (nothing is counted then), or the codes are not whole positions.
   */
  async add(codebookIndices: tf.Tensor | ArrayLike<number>): Promise<void> {
    const indices = 'dataId' in codebookIndices ? await codebookIndices.data() : codebookIndices;
    const { codebookSize, codesPerPosition, counts } = this;
    if (indices.length % codesPerPosition !== 0) {
      throw new DataError(
        `CodebookUsage: codebookIndices: expected ${codesPerPosition} a position, received ${indices.length} in all.`,
      );
    }
    for (let i = 0; i < indices.length; i++) {
      const index = indices[i]!;
      if (Number.isInteger(index) && index >= 0 && index < codebookSize) continue;
      throw new DataError(
        `CodebookUsage: codebookIndices: expected integers in [0, ${codebookSize}), the codebook's size, received ${index} at ${i}.`,
      );
    }
    for (let i = 0; i < indices.length; i++)
      counts[(i % codesPerPosition) * codebookSize + indices[i]!]! += 1;
    this.positions += indices.length / codesPerPosition;
  }

  /** Starts again, as for another epoch. */
  reset(): void {
    this.counts.fill(0);
    this.positions = 0;
  }

  /** Share of the codes that were seen, from 0 to 1. */
  get usage(): number {
    return this.counts.reduce((used, count) => used + (count > 0 ? 1 : 0), 0) / this.counts.length;
  }

  /** Share of the codes that were never seen, from 0 to 1. */
  get deadShare(): number {
    return 1 - this.usage;
  }

  /** Exponential of the entropy of the codes' shares, the mean of the codebooks: from 1 to codebookSize; 0 before any. */
  get perplexity(): number {
    if (this.positions === 0) return 0;
    let sum = 0;
    for (let start = 0; start < this.counts.length; start += this.codebookSize) {
      let entropy = 0;
      for (const count of this.counts.subarray(start, start + this.codebookSize)) {
        const share = count / this.positions;
        if (share > 0) entropy -= share * Math.log(share);
      }
      sum += Math.exp(entropy);
    }
    return sum / this.codesPerPosition;
  }

  /** Whether few of the codes do most of the work; false before any were seen. */
  get isCollapsed(): boolean {
    const { codebookSize, positions } = this;
    return positions > 0 && this.perplexity < this.collapsedBelow * Math.min(codebookSize, positions);
  }

  /** What is wrong, with figures, and what helps; undefined unless collapsed. */
  get warning(): string | undefined {
    if (!this.isCollapsed) return undefined;
    const total = this.counts.length;
    const used = Math.round(this.usage * total);
    return (
      `CodebookUsage: the codebook has collapsed: ${used} of ${total} codes in use (${(100 * this.usage).toFixed(1)} %), ` +
      `perplexity ${this.perplexity.toFixed(1)} over ${this.positions} positions. ` +
      "What helps: EMAVectorQuantizer's restartThreshold and kMeansIterations, fewer codes, CosineVectorQuantizer " +
      'with a small codebookDim, or FSQ, which has no codebook to learn.'
    );
  }
}
