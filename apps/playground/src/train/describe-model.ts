import { writeCLIPConfig } from '@crossmodal/clip';
import { Rng } from '@crossmodal/core';
import { plainWords, playgroundRecipe } from '@crossmodal/emoji-clip/browser';
import { trainByteLevelBPE } from '@crossmodal/processing';
import { learnTextTokenizer } from './learn-text-tokenizer';
import type { ModelDescription } from './run-model';
import type { RunSettings } from './run-settings';
import { sampleCaptions, type TrainingSet } from './training-set';

const CONTEXT_LENGTH = 24;
const VOCAB_SIZE = 4096;

/** A model to train from nothing, with a vocabulary learned from the captions. */
export async function describeModel(settings: RunSettings, set: TrainingSet): Promise<ModelDescription> {
  const { architecture, imageSize } = settings;
  const captions = sampleCaptions(set, new Rng(0));
  if (architecture === 'transformer') {
    const { json, config: tokenizerConfig } = await learnTextTokenizer(captions, {
      vocabSize: VOCAB_SIZE,
      contextLength: CONTEXT_LENGTH,
    });
    const tower = {
      hiddenSize: 128,
      intermediateSize: 512,
      numHiddenLayers: 3,
      numAttentionHeads: 4,
    } as const;
    const common = { ...tower, hiddenAct: 'quick_gelu', layerNormEps: 1e-5 } as const;
    const vocabulary = (json['model'] as { vocab: Record<string, number> }).vocab;
    const ids = (json['added_tokens'] as { id: number }[]).length;
    const config = writeCLIPConfig({
      projectionDim: 128,
      logitScaleInitValue: Math.log(1 / 0.07),
      visionConfig: { ...common, numChannels: 3, imageSize, patchSize: 8 },
      textConfig: {
        ...common,
        vocabSize: Math.max(ids, ...Object.values(vocabulary).map((id) => id + 1)),
        maxPositionEmbeddings: CONTEXT_LENGTH,
        eosTokenId: 1,
      },
    });
    Object.assign(config['text_config'] as object, { pad_token_id: 0, bos_token_id: 2 });
    return { config, tokenizer: json, tokenizerConfig };
  }
  const tokenizer = await trainByteLevelBPE(captions.map(plainWords), {
    vocabSize: VOCAB_SIZE,
    specialTokens: ['<pad>'],
    padToken: '<pad>',
  });
  return {
    config: {
      ...playgroundRecipe,
      ...settings,
      contextLength: CONTEXT_LENGTH,
      vocabSize: tokenizer.vocabSize,
      designers: [],
    },
    tokenizer: tokenizer.toJSON(),
  };
}
