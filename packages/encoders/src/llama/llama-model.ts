import {
  assertShape,
  checkpointedBlock,
  Embedding,
  type ForwardContext,
  GatedMLP,
  GroupedQueryAttention,
  type GroupedQueryAttentionInputs,
  KeyValueCache,
  Module,
  ModuleList,
  RMSNorm,
  type Rng,
  residualAdd,
  rotaryTables,
} from '@crossmodal/core';
import { type PretrainedFamily, PretrainedModule } from '@crossmodal/hub';
import * as tf from '@tensorflow/tfjs-core';
import { type DecoderInput, type DecoderOutput, pastLength } from '../decoding/causal-lm';
import { positionIds } from '../decoding/position-ids';
import { initialize } from '../shared/transformer-encoder';
import { type LlamaConfig, llamaJson, readLlamaConfig } from './llama-config';
/**
 * The decoder of Llama, Qwen2 and Mistral: causal pre-norm blocks with root-mean-square norms, rotary positions,
 * grouped-query attention and SwiGLU. Touvron et al. 2023, section 2.2.
 *
 * @example
 * const model = new LlamaModel({ ...readLlamaConfig(json), rng: new Rng(0) });
 * const { lastHiddenState } = model.forward({ inputIds }); // [batch, length, hiddenSize]
 */
import { llamaTensors } from './llama-tensors';
import { rotaryFrequencies } from './rotary-frequencies';

export class LlamaModel extends PretrainedModule {
  static readonly family: PretrainedFamily<LlamaModel> = {
    prefix: 'model',
    build: (json, rng) => new LlamaModel({ ...readLlamaConfig(json), rng }),
    convert: llamaTensors,
  };
  // With a language model's head, all of these are below `model`.
  static override readonly checkpointKeys = {
    embed_tokens: ['embed_tokens', 'model.embed_tokens'],
    layers: ['layers', 'model.layers'],
    norm: ['norm', 'model.norm'],
  };
  readonly embedTokens: Embedding;
  readonly layers: ModuleList<LlamaDecoderLayer>;
  readonly norm: RMSNorm;
  readonly config: LlamaConfig;
  private readonly frequencies: readonly number[];

  constructor({ rng, ...config }: LlamaConfig & { rng: Rng }) {
    super();
    const { hiddenSize, rmsNormEps: epsilon } = config;
    this.embedTokens = new Embedding(config.vocabSize, hiddenSize, { rng });
    this.layers = new ModuleList(
      Array.from({ length: config.numHiddenLayers }, () => new LlamaDecoderLayer(config, rng)),
    );
    this.norm = new RMSNorm(hiddenSize, { epsilon });
    this.frequencies = rotaryFrequencies(config.headDim, config.ropeTheta, config.ropeScaling);
    this.config = config;

    for (const [key, parameter] of this.namedParameters()) {
      if (/(embed_tokens|_proj)\.weight$/.test(key)) initialize(parameter, 0.02, rng);
      else if (key.endsWith('.bias')) parameter.assign(tf.zeros(parameter.shape));
    }
  }

  get hiddenSize(): number {
    return this.config.hiddenSize;
  }

  get contextLength(): number {
    return this.config.maxPositionEmbeddings;
  }

  /** Empty caches, one for each layer; the caller disposes each. */
  createCaches(): KeyValueCache[] {
    return Array.from(this.layers, () => new KeyValueCache());
  }

  /** @throws ShapeError when shapes do not fit; ConfigError for caches of another model. */
  forward(
    { inputIds, attentionMask, caches, outputHiddenStates }: DecoderInput,
    context?: ForwardContext,
  ): DecoderOutput {
    assertShape(inputIds.shape, [null, null], 'LlamaModel: inputIds');
    const past = pastLength(caches, this.layers.length, 'LlamaModel');
    return tf.tidy(() => {
      const positions = positionIds(attentionMask, inputIds.shape, past, 'LlamaModel');
      const rotary = rotaryTables(positions, this.frequencies); // [1 or batch, 1, length, headDim]
      let x = this.embedTokens.forward(inputIds) as tf.Tensor3D; // [batch, length, hiddenSize]
      const hiddenStates = [x];
      for (const [i, layer] of [...this.layers].entries()) {
        x = checkpointedBlock(layer, x, { causal: true, rotary, attentionMask, cache: caches?.[i] }, context);
        hiddenStates.push(x);
      }
      const lastHiddenState = this.norm.forward(x) as tf.Tensor3D;
      if (!outputHiddenStates) return { lastHiddenState };
      return { lastHiddenState, hiddenStates: [...hiddenStates.slice(0, -1), tf.clone(lastHiddenState)] };
    });
  }

  protected override configJson(): Record<string, unknown> {
    return llamaJson(this.config, 'Model');
  }
}

/** Attention and MLP, each added to what it was given. */
class LlamaDecoderLayer extends Module {
  readonly inputLayernorm: RMSNorm;
  readonly selfAttn: GroupedQueryAttention;
  readonly postAttentionLayernorm: RMSNorm;
  readonly mlp: GatedMLP;

  constructor(config: LlamaConfig, rng: Rng) {
    super();
    const { hiddenSize, intermediateSize, attentionBias, rmsNormEps: epsilon } = config;
    this.inputLayernorm = new RMSNorm(hiddenSize, { epsilon });
    this.selfAttn = new GroupedQueryAttention({
      hiddenSize,
      numHeads: config.numAttentionHeads,
      numKeyValueHeads: config.numKeyValueHeads,
      headDim: config.headDim,
      qkvBias: attentionBias || config.modelType === 'qwen2',
      outBias: attentionBias,
      rng,
    });
    this.postAttentionLayernorm = new RMSNorm(hiddenSize, { epsilon });
    this.mlp = new GatedMLP({ hiddenSize, intermediateSize, activation: 'silu', bias: config.mlpBias, rng });
  }

  /** [batch, length, hiddenSize] to the same; the caller disposes it. */
  forward(x: tf.Tensor3D, inputs: GroupedQueryAttentionInputs, context?: ForwardContext): tf.Tensor3D {
    return tf.tidy(() => {
      const attended = residualAdd(x, this.selfAttn.forward(this.inputLayernorm.forward(x), inputs, context));
      const mixed = this.mlp.forward(this.postAttentionLayernorm.forward(attended), context);
      return residualAdd(attended, mixed) as tf.Tensor3D;
    });
  }
}
