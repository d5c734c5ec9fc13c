import type { Rng } from '@crossmodal/core';
import type { Item } from './batch';
import type { NlvrModel } from './nlvr-model';
import type { NlvrExample } from './read-nlvr';
import { predict, train } from './train';
import type { Words } from './words';

export interface CrossValidateOptions {
  examples: readonly NlvrExample[];
  words: Words;
  folds: number;
  /** Steps in a fold. */
  steps: number;
  learningRate: number;
  /** Made anew for each fold; told the fold. */
  createModel: (fold: number) => Promise<NlvrModel>;
  /** Mixed in: as many items as it is asked for. */
  rehearse?: (count: number) => Item[];
  rng: Rng;
}

/** The fold of each example: groups in random order, so that a sentence is never in two folds. */
export function foldsOf(examples: readonly NlvrExample[], folds: number, rng: Rng): number[] {
  const groups = [...new Set(examples.map(({ group }) => group))];
  const order = rng.permutation(groups.length);
  const foldOf = new Map(groups.map((group, i) => [group, order[i]! % folds]));
  return examples.map(({ group }) => foldOf.get(group)!);
}

/**
 * For each example the probability of "true", by a model that was trained on the other folds: the mean over its six
 * pictures, which show the same boxes in other orders.
 */
export async function crossValidate(options: CrossValidateOptions): Promise<number[]> {
  const { examples, words, folds, steps, learningRate, createModel, rehearse, rng } = options;
  const foldOf = foldsOf(examples, folds, rng.split('folds'));
  const encoded = examples.map(({ sentence }) => words.encode(sentence));
  const probabilities = examples.map(() => 0);
  for (let fold = 0; fold < folds; fold++) {
    const stream = rng.split(`fold ${fold}`);
    const known = examples.flatMap((_, i) => (foldOf[i] === fold ? [] : [i]));
    const unseen = examples.flatMap((_, i) => (foldOf[i] === fold ? [i] : []));
    const draw = (): Item => {
      const i = known[stream.integer(known.length)]!;
      const { scenes, label } = examples[i]!;
      return { words: encoded[i]!, scene: scenes[stream.integer(scenes.length)]!, label };
    };
    const model = await createModel(fold);
    train(model, {
      steps,
      learningRate,
      weightDecay: 0.05,
      labelSmoothing: 0.1,
      rng: stream.split('dropout'),
      items: () => [...Array.from({ length: 48 }, draw), ...(rehearse?.(16) ?? [])],
    });
    const items = unseen.flatMap((i) =>
      examples[i]!.scenes.map((scene) => ({ words: encoded[i]!, scene, label: examples[i]!.label })),
    );
    const scores = predict(model, items);
    let at = 0;
    for (const i of unseen) {
      const count = examples[i]!.scenes.length;
      probabilities[i] = scores.slice(at, at + count).reduce((a, b) => a + b, 0) / count;
      at += count;
    }
    model.dispose();
  }
  return probabilities;
}
