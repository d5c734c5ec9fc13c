import { Rng } from '@crossmodal/core';
import { type DALLE, dalleLoss } from '@crossmodal/dalle';
import { type Concept, conceptName } from '@crossmodal/emoji-clip';
import type { Tokenizer } from '@crossmodal/processing';
import * as tf from '@tensorflow/tfjs-core';
import type { Recipe } from '../recipe';
import { type TokenSet, tokensOf } from '../tokens';
import { tokenBatch } from '../train-dalle';
import { unigramEntropy } from './unigram-entropy';

const BATCH = 16;

export interface DALLEFigures {
  /** Mean cross-entropy of an image token, given the picture's name and the tokens before, in nats. */
  imageLoss: number;
  /** The same, given the name of another picture. */
  otherNameLoss: number;
  /** Entropy of the same tokens by how often each comes, in nats. */
  unigramEntropy: number;
  pictures: number;
}

/** Measures the DALL-E on at most `most` pictures of a set, the same ones for the same recipe. */
export async function measureDALLE(
  dalle: DALLE,
  set: TokenSet,
  concepts: readonly Concept[],
  tokenizer: Tokenizer,
  { seed }: Recipe,
  most: number,
): Promise<DALLEFigures> {
  const order = new Rng(seed).split('measured').permutation(set.concepts.length);
  const chosen = [...order.subarray(0, most)];
  const names = chosen.map((picture) => conceptName(concepts[set.concepts[picture]!]!));
  const others = chosen.map((_, i) => names[(i + 1) % names.length]!);
  const meanLoss = async (captions: readonly string[]) => {
    let sum = 0;
    for (let start = 0; start < chosen.length; start += BATCH) {
      const pictures = chosen.slice(start, start + BATCH);
      const { textLength } = dalle;
      const batch = tokenBatch(set, pictures, captions.slice(start, start + BATCH), tokenizer, textLength);
      const loss = tf.tidy(() => dalleLoss(dalle.forward({ ...batch }), batch.imageIds).metrics.imageLoss);
      sum += (await loss.data())[0]! * pictures.length;
      tf.dispose([loss, batch.textIds, batch.attentionMask, batch.imageIds]);
    }
    return sum / chosen.length;
  };
  return {
    imageLoss: await meanLoss(names),
    otherNameLoss: await meanLoss(others),
    unigramEntropy: unigramEntropy(tokensOf(set, chosen)),
    pictures: chosen.length,
  };
}
