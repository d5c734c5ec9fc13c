import type { ForwardContext, KeyValueCache, Rng } from '@crossmodal/core';
import { type PretrainedFamily, PretrainedModule, writeConfig } from '@crossmodal/hub';
import * as tf from '@tensorflow/tfjs-core';
import type { CausalLM, CausalLMInput, CausalLMOutput } from '../decoding/causal-lm';
import { lastPosition } from '../decoding/last-position';
import { TiedHead } from '../decoding/tied-head';
import { type GPT2Config, readGPT2Config } from './gpt2-config';
import { GPT2Model } from './gpt2-model';

/**
 * GPT-2 with its language model's head, which is the table of tokens. Radford et al. 2019.
 *
 * @example
 * const model = await GPT2LMHeadModel.fromPretrained('openai-community/gpt2');
 * const { logits } = model.forward({ inputIds }); // [batch, length, vocabSize]
 */
import { gpt2StateDict, gpt2Tensors } from './gpt2-tensors';

export class GPT2LMHeadModel extends PretrainedModule implements CausalLM {
  static readonly family: PretrainedFamily<GPT2LMHeadModel> = {
    prefix: 'transformer',
    build: (json, rng) => new GPT2LMHeadModel({ ...readGPT2Config(json), rng }),
    convert: gpt2Tensors,
    restore: gpt2StateDict,
  };
  static override readonly checkpointKeys = { transformer: ['transformer', ''] };
  readonly transformer: GPT2Model;
  readonly lmHead: TiedHead;
  readonly config: GPT2Config;

  constructor(config: GPT2Config & { rng: Rng }) {
    super();
    this.transformer = new GPT2Model(config);
    this.lmHead = new TiedHead(this.transformer.wte);
    this.config = this.transformer.config;
  }

  get contextLength(): number {
    return this.transformer.contextLength;
  }

  /** Empty caches, one for each layer; the caller disposes each. */
  createCaches(): KeyValueCache[] {
    return this.transformer.createCaches();
  }

  /** @throws As {@link GPT2Model.forward}. */
  forward({ lastOnly, ...input }: CausalLMInput, context?: ForwardContext): CausalLMOutput {
    return tf.tidy(() => {
      const { lastHiddenState } = this.transformer.forward(input, context);
      return { logits: this.lmHead.forward(lastOnly ? lastPosition(lastHiddenState) : lastHiddenState) };
    });
  }

  protected override configJson(): Record<string, unknown> {
    return { architectures: ['GPT2LMHeadModel'], model_type: 'gpt2', ...writeConfig(this.config) };
  }
}
