/** An engine that the conformance suite runs, and what is known of it. */
export interface Engine {
  /** As tfjs names it; two engines may share one, in processes of their own. */
  backend: string;
  /** As the README's table names it. */
  label: string;
  /** Registers the engine and makes it tfjs's; says why when it cannot run here. */
  start(): Promise<string | undefined>;
  /** Operations that the engine lacks or computes otherwise, known and accepted: pattern of case names, reason. */
  accepted: [RegExp, string][];
  /** Operations that may differ by more than their own tolerance: pattern of case names, tolerance, reason. */
  tolerances?: [RegExp, number, string][];
  /** Tests of core's suites that fail, known and accepted: pattern of full test names, reason. */
  failing?: [RegExp, string][];
  /** Difference allowed of losses and weights after the training steps, where it is not the suite's own. */
  training?: { tolerance: number; reason: string };
}
