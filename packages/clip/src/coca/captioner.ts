import type { KeyValueCache } from '@crossmodal/core';
import type { CausalLM, CausalLMInput, CausalLMOutput } from '@crossmodal/encoders';
import * as tf from '@tensorflow/tfjs-core';
import type { CoCa } from './coca';

/** A CoCa with images to describe, as `generate` takes it: row i of the texts is of image i. */
export class Captioner implements CausalLM {
  /** @param imageTokens [batch, keys, embedDim]; they stay the caller's. */
  constructor(
    private readonly coca: CoCa,
    private readonly imageTokens: tf.Tensor3D,
  ) {}

  get contextLength(): number {
    return this.coca.textModel.contextLength;
  }

  /** Where rows branch or end, their images go with them: the images' keys are in caches like the text's. */
  createCaches(): KeyValueCache[] {
    const { textModel, textDecoder } = this.coca;
    return [...textModel.createCaches(), ...textDecoder.createCaches(this.imageTokens)];
  }

  /** With what {@link createCaches} gave, and no `attentionMask`. */
  forward({ inputIds, caches = [], lastOnly }: CausalLMInput): CausalLMOutput {
    const { textModel, textDecoder } = this.coca;
    const ofText = textModel.encoder.layers.length;
    return tf.tidy(() => {
      const textTokens = textModel.continue(inputIds, caches.slice(0, ofText));
      return { logits: textDecoder.forward({ textTokens, image: caches.slice(ofText), lastOnly }) };
    });
  }
}
