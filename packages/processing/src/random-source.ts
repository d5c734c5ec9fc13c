/** Where random numbers come from: `Rng` of `@crossmodal/core`, or anything of this form. */
export interface RandomSource {
  /** Uniform in [low, high); default [0, 1). */
  uniform(low?: number, high?: number): number;
  /** Uniform integer in [0, bound). */
  integer(bound: number): number;
  /** Normal; default mean 0, standard deviation 1. */
  normal(mean?: number, std?: number): number;
  /** Whether an event of probability `p` happens. */
  bernoulli(p: number): boolean;
}
