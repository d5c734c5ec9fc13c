import type { MinDALLEConfig } from './min-dalle';

/** A published model that is no folder of `transformers`. */
export interface MinDALLEPreset {
  /** Without `padTokenId`, which is the tokenizer's. */
  config: Omit<MinDALLEConfig, 'padTokenId'>;
  /** Of this second stage. */
  parameterCount: number;
  /** Where its files are. */
  source: string;
  licence: string;
}

/** minDALL-E 1.3B. Its files are a tar: `tokenizer/`, `stage1_last.ckpt` (the VQGAN) and `stage2_last.ckpt`. */
export const minDALLE13B: MinDALLEPreset = {
  config: {
    textVocabSize: 16384,
    textLength: 64,
    codebookSize: 16384,
    gridHeight: 16,
    gridWidth: 16,
    hiddenSize: 1536,
    numLayers: 42,
    numHeads: 24,
  },
  parameterCount: 1_291_081_728,
  source: 'https://github.com/kakaobrain/minDALL-E',
  licence: 'CC-BY-NC-SA-4.0',
};
