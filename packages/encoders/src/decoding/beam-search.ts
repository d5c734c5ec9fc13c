import type { Generation } from './generation';
import { penalizeRepetition } from './token-probabilities';

export interface BeamSearchOptions {
  maxNewTokens: number;
  numBeams: number;
  lengthPenalty: number;
  repetitionPenalty: number;
  isEnd(token: number): boolean;
  /** How many tokens end a text. */
  endTokens: number;
}

interface Beam {
  tokens: readonly number[];
  /** Sum of the tokens' log-probabilities. */
  score: number;
  /** The row of the model that has computed its past. */
  row: number;
}

/**
 * The likeliest continuation of each prompt that a search by `numBeams` beams finds, by the sum of log-probabilities
 * over length to the power of `lengthPenalty`; as transformers, whose `early_stopping` is false: a text's search ends
 * when its best beam scores no better, at its length of now, than the worst of `numBeams` that have ended.
 *
 * @returns The new tokens of each prompt.
 */
export async function beamSearch(generation: Generation, options: BeamSearchOptions): Promise<number[][]> {
  const { maxNewTokens, numBeams, lengthPenalty, isEnd } = options;
  // Of so many candidates, enough do not end.
  const kept = Math.max(2, 1 + options.endTokens) * numBeams;
  const { prompts } = generation;
  let beams: Beam[][] = prompts.map((_, row) => [{ tokens: [], score: 0, row }]);
  const ended: { tokens: readonly number[]; score: number }[][] = prompts.map(() => []);
  let logits = await generation.start();

  for (let length = 1; ; length++) {
    const norm = length ** lengthPenalty;
    beams = beams.map((running, text) => {
      const finished = ended[text]!;
      const next: Beam[] = [];
      for (const [rank, candidate] of bestCandidates(running, kept, (beam) =>
        logProbabilities(logits[beam.row]!, [...prompts[text]!, ...beam.tokens], options.repetitionPenalty),
      ).entries()) {
        const ends = length === maxNewTokens || isEnd(candidate.tokens.at(-1)!);
        if (!ends && next.length < numBeams) next.push(candidate);
        if (ends && rank < numBeams)
          finished.push({ tokens: candidate.tokens, score: candidate.score / norm });
      }
      finished.sort((a, b) => b.score - a.score).splice(numBeams);
      const best = next[0];
      const canImprove = best && (finished.length < numBeams || best.score / norm > finished.at(-1)!.score);
      return canImprove ? next : [];
    });
    const running = beams.flat();
    if (running.length === 0) return ended.map((finished) => [...finished[0]!.tokens]);
    generation.selectRows(running.map(({ row }) => row));
    for (const [row, beam] of running.entries()) beam.row = row;
    logits = await generation.next(running.map(({ tokens }) => tokens.at(-1)!));
  }
}

/** The `count` best continuations of the beams by one token, the best first. */
function bestCandidates(
  beams: readonly Beam[],
  count: number,
  logProbabilitiesOf: (beam: Beam) => Float32Array,
): Beam[] {
  const best: { beam: Beam; token: number; score: number }[] = [];
  for (const beam of beams) {
    const logProbabilities = logProbabilitiesOf(beam);
    for (let token = 0; token < logProbabilities.length; token++) {
      const score = beam.score + logProbabilities[token]!;
      if (best.length === count && !(score > best.at(-1)!.score)) continue;
      let place = best.length;
      while (place > 0 && score > best[place - 1]!.score) place--;
      best.splice(place, 0, { beam, token, score });
      if (best.length > count) best.pop();
    }
  }
  return best.map(({ beam, token, score }) => ({ tokens: [...beam.tokens, token], score, row: beam.row }));
}

function logProbabilities(logits: Float32Array, tokens: readonly number[], penalty: number): Float32Array {
  const highest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const logSum = highest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - highest), 0));
  const result = logits.map((logit) => logit - logSum);
  if (penalty !== 1) penalizeRepetition(result, tokens, penalty);
  return result;
}
