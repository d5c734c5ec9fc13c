/** What a run found out about an engine. */
export interface Findings {
  /** Why it did not run; then there is nothing else. */
  missing?: string;
  operations?: OperationFindings;
  core?: CoreFindings;
  training?: TrainingFindings;
}

/** Operations: run, equal to cpu's in values and gradients, and differing as is known. */
export interface OperationFindings {
  label: string;
  checked: number;
  equal: number;
  /** Reason to how many cases. */
  unlike: Record<string, number>;
  /** Tolerances wider than the cases' own: reason to tolerance. */
  tolerances: Record<string, number>;
}

/** Tests of core's suites. */
export interface CoreFindings {
  checked: number;
  passed: number;
  /** That fail as is known: reason to how many. */
  failing: Record<string, number>;
}

export interface TrainingFindings {
  steps: number;
  tolerance: number;
  /** Why the tolerance is not the suite's own, if it is not. */
  reason?: string;
  /** Model to the largest difference of a loss or weight. */
  models: Record<string, number>;
}
