import { type ForwardContext, type KeyValueCache, Linear, type Rng } from '@crossmodal/core';
import { type PretrainedFamily, PretrainedModule } from '@crossmodal/hub';
import * as tf from '@tensorflow/tfjs-core';
import type { CausalLM, CausalLMInput, CausalLMOutput } from '../decoding/causal-lm';
import { lastPosition } from '../decoding/last-position';
import { TiedHead } from '../decoding/tied-head';
import { initialize } from '../shared/transformer-encoder';
import { type LlamaConfig, llamaJson, readLlamaConfig } from './llama-config';
import { LlamaModel } from './llama-model';

/**
 * A Llama, Qwen2 or Mistral with its language model's head.
 *
 * @example
 * const model = await LlamaForCausalLM.fromPretrained('Qwen/Qwen2.5-0.5B');
 * const { logits } = model.forward({ inputIds }); // [batch, length, vocabSize]
 */
import { llamaTensors } from './llama-tensors';

export class LlamaForCausalLM extends PretrainedModule implements CausalLM {
  static readonly family: PretrainedFamily<LlamaForCausalLM> = {
    prefix: 'model',
    build: (json, rng) => new LlamaForCausalLM({ ...readLlamaConfig(json), rng }),
    convert: llamaTensors,
  };
  static override readonly checkpointKeys = { model: ['model', ''] };
  readonly model: LlamaModel;
  readonly lmHead: Linear | TiedHead;
  readonly config: LlamaConfig;

  constructor({ rng, ...config }: LlamaConfig & { rng: Rng }) {
    super();
    const { hiddenSize, vocabSize, tieWordEmbeddings } = config;
    this.model = new LlamaModel({ ...config, rng });
    this.lmHead = tieWordEmbeddings
      ? new TiedHead(this.model.embedTokens)
      : new Linear(hiddenSize, vocabSize, { bias: false, rng });
    if (!tieWordEmbeddings) initialize(this.lmHead.weight, 0.02, rng);
    this.config = config;
  }

  get contextLength(): number {
    return this.model.contextLength;
  }

  /** Empty caches, one for each layer; the caller disposes each. */
  createCaches(): KeyValueCache[] {
    return this.model.createCaches();
  }

  /** @throws As {@link LlamaModel.forward}. */
  forward({ lastOnly, ...input }: CausalLMInput, context?: ForwardContext): CausalLMOutput {
    return tf.tidy(() => {
      const { lastHiddenState } = this.model.forward(input, context);
      const read = lastOnly ? lastPosition(lastHiddenState) : lastHiddenState;
      return { logits: this.lmHead.forward(read, context) as tf.Tensor3D };
    });
  }

  protected override configJson(): Record<string, unknown> {
    return llamaJson(this.config, 'ForCausalLM');
  }
}
