/**
 * Entropy of tokens by how often each comes, in nats: `-sum p log p`. No model that knows nothing of a token's
 * neighbours can have a lower loss on them.
 *
 * @example
 * unigramEntropy([0, 0, 3, 3]); // log 2
 */
export function unigramEntropy(tokens: Iterable<number>): number {
  const counts = new Map<number, number>();
  let total = 0;
  for (const token of tokens) {
    counts.set(token, (counts.get(token) ?? 0) + 1);
    total++;
  }
  let entropy = 0;
  for (const count of counts.values()) entropy -= (count / total) * Math.log(count / total);
  return entropy;
}
