import {
  assertShape,
  checkpointedBlock,
  Dropout,
  Embedding,
  type ForwardContext,
  KeyValueCache,
  LayerNorm,
  ModuleList,
  type Rng,
  ShapeError,
  TransformerBlock,
} from '@crossmodal/core';
import { type PretrainedFamily, PretrainedModule, writeConfig } from '@crossmodal/hub';
import * as tf from '@tensorflow/tfjs-core';
import { type DecoderInput, type DecoderOutput, pastLength } from '../decoding/causal-lm';
import { positionIds } from '../decoding/position-ids';
import { ACTIVATIONS } from '../shared/activation-names';
import { initialize } from '../shared/transformer-encoder';
import { type GPT2Config, readGPT2Config } from './gpt2-config';

/**
 * GPT-2's decoder: causal pre-norm blocks over tokens with learned positions. Published files are read through
 * {@link gpt2Tensors}. Radford et al. 2019, section 2.3.
 *
 * @example
 * const model = new GPT2Model({ ...readGPT2Config({ n_layer: 2 }), rng: new Rng(0) });
 * const inputIds = tf.tensor2d([[464, 3290]], [1, 2], 'int32');
 * const { lastHiddenState } = model.forward({ inputIds }); // [1, 2, 768]
 */
import { gpt2StateDict, gpt2Tensors } from './gpt2-tensors';

export class GPT2Model extends PretrainedModule {
  static readonly family: PretrainedFamily<GPT2Model> = {
    prefix: 'transformer',
    ignore: [/(^|\.)lm_head\./],
    build: (json, rng) => new GPT2Model({ ...readGPT2Config(json), rng }),
    convert: gpt2Tensors,
    restore: gpt2StateDict,
  };
  // With a language model's head, all of these are below `transformer`.
  static override readonly checkpointKeys = {
    wte: ['wte', 'transformer.wte'],
    wpe: ['wpe', 'transformer.wpe'],
    ln_f: ['ln_f', 'transformer.ln_f'],
    'h.*.layer_norm1': ['h.*.ln_1', 'transformer.h.*.ln_1'],
    'h.*.self_attn.q_proj': ['h.*.attn.q_proj', 'transformer.h.*.attn.q_proj'],
    'h.*.self_attn.k_proj': ['h.*.attn.k_proj', 'transformer.h.*.attn.k_proj'],
    'h.*.self_attn.v_proj': ['h.*.attn.v_proj', 'transformer.h.*.attn.v_proj'],
    'h.*.self_attn.out_proj': ['h.*.attn.c_proj', 'transformer.h.*.attn.c_proj'],
    'h.*.layer_norm2': ['h.*.ln_2', 'transformer.h.*.ln_2'],
    'h.*.mlp.fc1': ['h.*.mlp.c_fc', 'transformer.h.*.mlp.c_fc'],
    'h.*.mlp.fc2': ['h.*.mlp.c_proj', 'transformer.h.*.mlp.c_proj'],
  };
  readonly wte: Embedding;
  readonly wpe: Embedding;
  readonly h: ModuleList<TransformerBlock>;
  readonly lnF: LayerNorm;
  readonly config: GPT2Config;
  private readonly dropout: Dropout;

  constructor({ rng, ...config }: GPT2Config & { rng: Rng }) {
    super();
    const { nEmbd: hiddenSize, layerNormEpsilon: epsilon } = config;
    const block = () =>
      new TransformerBlock({
        hiddenSize,
        numHeads: config.nHead,
        intermediateSize: config.nInner,
        activation: ACTIVATIONS[config.activationFunction],
        epsilon,
        dropout: config.residPdrop,
        activationDropout: 0,
        rng,
      });
    this.wte = new Embedding(config.vocabSize, hiddenSize, { rng });
    this.wpe = new Embedding(config.nPositions, hiddenSize, { rng });
    this.h = new ModuleList(Array.from({ length: config.nLayer }, block));
    this.lnF = new LayerNorm(hiddenSize, { epsilon });
    this.dropout = new Dropout(config.embdPdrop);
    this.config = config;

    const residualStd = 0.02 * (2 * config.nLayer) ** -0.5;
    for (const [key, parameter] of this.namedParameters()) {
      if (key.endsWith('c_proj.weight')) initialize(parameter, residualStd, rng);
      else if (/(wte|wpe|_proj|c_fc)\.weight$/.test(key)) initialize(parameter, 0.02, rng);
      else if (/(_proj|c_fc)\.bias$/.test(key)) parameter.assign(tf.zeros(parameter.shape));
    }
  }

  get hiddenSize(): number {
    return this.config.nEmbd;
  }

  get contextLength(): number {
    return this.config.nPositions;
  }

  /** Empty caches, one for each layer; the caller disposes each. */
  createCaches(): KeyValueCache[] {
    return Array.from(this.h, () => new KeyValueCache());
  }

  /** @throws ShapeError when the text is too long or shapes do not fit; ConfigError for caches of another model. */
  forward(
    { inputIds, attentionMask, caches, outputHiddenStates }: DecoderInput,
    context?: ForwardContext,
  ): DecoderOutput {
    assertShape(inputIds.shape, [null, null], 'GPT2Model: inputIds');
    const past = pastLength(caches, this.h.length, 'GPT2Model');
    const total = past + inputIds.shape[1];
    if (total > this.contextLength) {
      throw new ShapeError(
        `GPT2Model: inputIds: expected at most ${this.contextLength} tokens, the past included, received ${total}.`,
      );
    }
    return tf.tidy(() => {
      const positions = positionIds(attentionMask, inputIds.shape, past, 'GPT2Model');
      const embedded = tf.add(this.wte.forward(inputIds), this.wpe.forward(positions));
      let x = this.dropout.forward(embedded, context) as tf.Tensor3D; // [batch, length, nEmbd]
      const hiddenStates = [x];
      for (const [i, block] of [...this.h].entries()) {
        x = checkpointedBlock(block, x, { causal: true, attentionMask, cache: caches?.[i] }, context);
        hiddenStates.push(x);
      }
      const lastHiddenState = this.lnF.forward(x) as tf.Tensor3D;
      if (!outputHiddenStates) return { lastHiddenState };
      return { lastHiddenState, hiddenStates: [...hiddenStates.slice(0, -1), tf.clone(lastHiddenState)] };
    });
  }

  protected override configJson(): Record<string, unknown> {
    return { architectures: ['GPT2Model'], model_type: 'gpt2', ...writeConfig(this.config) };
  }
}
