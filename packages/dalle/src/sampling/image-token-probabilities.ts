/** What of a model's distribution is drawn from. */
export interface ImageSamplingOptions {
  /** Divides the logits: below 1 the likely tokens become likelier, and 0 takes the likeliest. Default 1. */
  temperature?: number | undefined;
  /** How many of the likeliest tokens are left. Default: all. */
  topK?: number | undefined;
  /** The least number of the likeliest tokens is left whose probabilities add up to this. Default 1: all. */
  topP?: number | undefined;
}

/**
 * Probabilities of the next token: `softmax(logits / temperature)` of the `topK` likeliest, and of those again of the
 * likeliest whose sum first reaches `topP`; 0 for the others. Both bounds are found by selection, in time linear in the
 * number of tokens. Fan et al. 2018 (top-k), Holtzman et al. 2019, equation 3 (top-p). Tokens as likely as the last one
 * left are left, too.
 *
 * @param logits [codebookSize]
 * @returns [codebookSize], with sum 1.
 * @example
 * imageTokenProbabilities(Float32Array.of(0, 0, Math.log(2)), { topK: 1 }); // [0, 0, 1]
 */
export function imageTokenProbabilities(
  logits: Float32Array,
  { temperature = 1, topK = logits.length, topP = 1 }: ImageSamplingOptions = {},
): Float64Array {
  const highest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const weigh = (logit: number) =>
    temperature === 0 ? Number(logit === highest) : Math.exp((logit - highest) / temperature);
  let left = logits;
  let least = -Infinity;
  if (topK < logits.length) {
    least = leastLeft(logits, () => 1, topK);
    left = logits.filter((logit) => logit >= least);
  }
  if (topP < 1) {
    const total = left.reduce((sum, logit) => sum + weigh(logit), 0);
    least = leastLeft(left, weigh, topP * total);
  }
  const probabilities = Float64Array.from(logits, (logit) => (logit < least ? 0 : weigh(logit)));
  const total = probabilities.reduce((a, b) => a + b, 0);
  return probabilities.map((weight) => weight / total);
}

/**
 * The greatest value such that the weights of the values from it upwards reach `target`; the least value when rounding
 * lets none. Hoare's selection, with weights.
 */
function leastLeft(values: Float32Array, weigh: (value: number) => number, target: number): number {
  let candidates = values;
  let above = 0; // the weight of what is known to be left
  for (;;) {
    const pivot = median(candidates[0]!, candidates[candidates.length >> 1]!, candidates.at(-1)!);
    const greater = candidates.filter((value) => value > pivot);
    let upper = above;
    for (const value of greater) upper += weigh(value);
    if (upper >= target && greater.length > 0) {
      candidates = greater;
      continue;
    }
    const lower = candidates.filter((value) => value < pivot);
    const equal = candidates.length - greater.length - lower.length;
    above = upper + equal * weigh(pivot);
    if (above >= target || lower.length === 0) return pivot;
    candidates = lower;
  }
}

function median(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}
