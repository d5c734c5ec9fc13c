/** What of a model's distribution is drawn from. */
export interface SamplingOptions {
  /** Divides the logits: below 1 the likely tokens become likelier. Default 1. */
  temperature?: number | undefined;
  /** How many of the likeliest tokens are left. Default: all. */
  topK?: number | undefined;
  /** The least number of the likeliest tokens is left whose probabilities add up to this. Default 1: all. */
  topP?: number | undefined;
}

/**
 * Probabilities of the next token: `softmax(logits / temperature)` of the `topK` likeliest, and of those again of the
 * likeliest whose sum first reaches `topP`; 0 for the others. Fan et al. 2018 (top-k), Holtzman et al. 2019, equation 3
 * (top-p). Tokens as likely as the last one left are left, too.
 *
 * @param logits [vocabSize]
 * @returns [vocabSize], with sum 1.
 * @example
 * tokenProbabilities(Float32Array.of(0, 0, Math.log(2)), { topK: 1 }); // [0, 0, 1]
 */
export function tokenProbabilities(
  logits: Float32Array,
  { temperature = 1, topK = logits.length, topP = 1 }: SamplingOptions = {},
): Float64Array {
  const sorted = topK < logits.length || topP < 1 ? Float32Array.from(logits).sort() : undefined;
  let least = sorted && topK < logits.length ? sorted.at(-topK)! : -Infinity;
  const highest = sorted?.at(-1) ?? logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const probabilities = new Float64Array(logits.length);
  // Sets the weights of the tokens that are left, and returns their sum.
  const weigh = () => {
    let sum = 0;
    for (let i = 0; i < logits.length; i++) {
      const weight = logits[i]! < least ? 0 : Math.exp((logits[i]! - highest) / temperature);
      probabilities[i] = weight;
      sum += weight;
    }
    return sum;
  };

  let total = weigh();
  if (sorted && topP < 1) {
    const last = sorted.length - Math.min(topK, sorted.length);
    let sum = 0;
    for (let i = sorted.length - 1; i >= last && sum < topP * total; i--) {
      least = sorted[i]!;
      sum += Math.exp((least - highest) / temperature);
    }
    total = weigh();
  }
  for (let i = 0; i < probabilities.length; i++) probabilities[i]! /= total;
  return probabilities;
}

/**
 * Makes tokens that were there before less likely, in place: a logit above 0 is divided by `penalty`, one below is
 * multiplied. Keskar et al. 2019, section 4.1.
 *
 * @param tokens Those of the text so far.
 */
export function penalizeRepetition(logits: Float32Array, tokens: Iterable<number>, penalty: number): void {
  for (const token of new Set(tokens)) {
    const logit = logits[token]!;
    logits[token] = logit > 0 ? logit / penalty : logit * penalty;
  }
}
