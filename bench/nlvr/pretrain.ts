import type { Rng } from '@crossmodal/core';
import type { Item } from './batch';
import type { NlvrModel } from './nlvr-model';
import { drawPair } from './statements';
import { predict, train } from './train';
import type { Words } from './words';

/** Made-up statements, each about a scene of which it is true and one of which not: two thirds about towers, as in NLVR. */
export const madeUp = (words: Words, rng: Rng, count: number, isTower = rng.bernoulli(2 / 3)): Item[] =>
  Array.from({ length: count / 2 }, () => {
    const { text, holding, failing } = drawPair(rng, isTower);
    const ids = words.encode(text);
    return [
      { words: ids, scene: holding, label: true },
      { words: ids, scene: failing, label: false },
    ];
  }).flat();

/** Trains on made-up statements; returns the accuracy on others of their kind. */
export function pretrain(
  model: NlvrModel,
  words: Words,
  { steps, rng, onLoss }: { steps: number; rng: Rng; onLoss?: (step: number, loss: number) => void },
): number {
  const stream = rng.split('statements');
  train(model, {
    steps,
    learningRate: 2e-3,
    weightDecay: 0.01,
    items: () => madeUp(words, stream, 96),
    rng: rng.split('dropout'),
    ...(onLoss ? { onLoss } : {}),
  });
  const unseen = [true, false].flatMap((isTower) => madeUp(words, stream, 500, isTower));
  const right = predict(model, unseen).filter((p, i) => p > 0.5 === unseen[i]!.label);
  return right.length / unseen.length;
}
