import * as tf from '@tensorflow/tfjs-core';
import type { ForwardContext } from '../forward-context';
import { Module } from '../module';
import { residualAdd } from '../ops/residual-add';
import type { Rng } from '../rng';
import type { Activation } from './activation';
import { Dropout, DropPath } from './dropout';
import { fusedDecoderBlock, fusedEncoderBlock, trainedEncoderBlock } from './fused-decoder-block';
import { GatedMLP } from './gated-mlp';
import { LayerNorm } from './layer-norm';
import { LayerScale } from './layer-scale';
import { MLP, type MLPConfig } from './mlp';
import { type AttentionInputs, MultiHeadAttention } from './multi-head-attention';
import { RMSNorm } from './rms-norm';

export interface TransformerBlockConfig {
  hiddenSize: number;
  numHeads: number;
  /** Default `4 * hiddenSize`. */
  intermediateSize?: number | undefined;
  /** Default `gelu`. `swiglu` and `geglu` make the MLP a {@link GatedMLP}. */
  activation?: Activation | 'swiglu' | 'geglu' | undefined;
  /** Normalise before each half (`pre`, the default) or after adding it (`post`, as BERT). */
  normPosition?: 'pre' | 'post' | undefined;
  /** Default `layerNorm`. */
  norm?: 'layerNorm' | 'rmsNorm' | undefined;
  /** Default 1e-5. */
  epsilon?: number | undefined;
  /** First value of the factors on both halves (LayerScale). Default: there are none. */
  layerScale?: number | undefined;
  /** Rate of dropout after attention and in the MLP. Default 0. */
  dropout?: number | undefined;
  /** Rate of dropout after the MLP's activation, as {@link MLPConfig} has it: BERT has none. Default `dropout`. */
  activationDropout?: number | undefined;
  /** Rate of dropping a whole half for a sample. Default 0. */
  dropPath?: number | undefined;
  /** Whether the linear layers have biases. Default true. */
  bias?: boolean | undefined;
  /** Whether queries, keys and values have biases. Default `bias`. */
  qkvBias?: boolean | undefined;
  rng: Rng;
}

/**
 * Self-attention and MLP, each added to what it was given: `x + attention(norm(x))`, then `x + mlp(norm(x))`;
 * parameters are named as in Hugging Face's CLIP. Vaswani et al. 2017 (post), Xiong et al. 2020 (pre).
 *
 * @example
 * const block = new TransformerBlock({ hiddenSize: 8, numHeads: 2, activation: 'quickGelu', rng: new Rng(1) });
 * const y = block.forward(tf.ones([1, 5, 8]), { causal: true }); // [1, 5, 8]
 */
export class TransformerBlock extends Module {
  readonly layerNorm1: LayerNorm | RMSNorm;
  readonly selfAttn: MultiHeadAttention;
  readonly layerScale1: LayerScale | undefined;
  readonly layerNorm2: LayerNorm | RMSNorm;
  readonly mlp: MLP | GatedMLP;
  readonly layerScale2: LayerScale | undefined;
  readonly dropout: Dropout;
  readonly dropPath: DropPath;
  readonly normPosition: 'pre' | 'post';

  constructor(config: TransformerBlockConfig) {
    super();
    const { hiddenSize, layerScale, epsilon = 1e-5 } = config;
    const Norm = config.norm === 'rmsNorm' ? RMSNorm : LayerNorm;
    this.layerNorm1 = new Norm(hiddenSize, { epsilon });
    this.selfAttn = new MultiHeadAttention(config);
    this.layerNorm2 = new Norm(hiddenSize, { epsilon });
    this.mlp = createMLP(config);
    this.layerScale1 = layerScale === undefined ? undefined : new LayerScale(hiddenSize, layerScale);
    this.layerScale2 = layerScale === undefined ? undefined : new LayerScale(hiddenSize, layerScale);
    this.dropout = new Dropout(config.dropout ?? 0);
    this.dropPath = new DropPath(config.dropPath ?? 0);
    this.normPosition = config.normPosition ?? 'pre';
  }

  /**
   * @param x float32 [batch, length, hiddenSize]
   * @param inputs What {@link MultiHeadAttention} is given beside `x`.
   * @returns float32 [batch, length, hiddenSize]; the caller disposes it.
   */
  forward(x: tf.Tensor, inputs: AttentionInputs = {}, context?: ForwardContext): tf.Tensor3D {
    const attend = (x: tf.Tensor) =>
      this.branch(
        this.dropout.forward(this.selfAttn.forward(x, inputs, context), context),
        this.layerScale1,
        context,
      );
    const transform = (x: tf.Tensor) => this.branch(this.mlp.forward(x, context), this.layerScale2, context);
    return tf.tidy(() => {
      const fused =
        fusedDecoderBlock(this, x, inputs, context) ??
        fusedEncoderBlock(this, x, inputs, context) ??
        trainedEncoderBlock(this, x, inputs, context);
      if (fused) return fused;
      const { layerNorm1, layerNorm2 } = this;
      if (this.normPosition === 'pre') {
        const attended = residualAdd(x, attend(layerNorm1.forward(x)));
        return residualAdd(attended, transform(layerNorm2.forward(attended))) as tf.Tensor3D;
      }
      const attended = layerNorm1.forward(residualAdd(x, attend(x)));
      return layerNorm2.forward(residualAdd(attended, transform(attended))) as tf.Tensor3D;
    });
  }

  /**
   * How much of each position every position takes, before it is mixed.
   *
   * @param x float32 [batch, length, hiddenSize]: what {@link forward} is given.
   * @returns float32 [batch, heads, length, keys]; the caller disposes it. With changed ones, `forward(x, { weights })`
   *   tells what comes of it.
   */
  attentionWeights(
    x: tf.Tensor,
    inputs: Omit<AttentionInputs, 'cache' | 'weights'> = {},
    context?: ForwardContext,
  ): tf.Tensor4D {
    return tf.tidy(() => {
      const normed = this.normPosition === 'pre' ? this.layerNorm1.forward(x) : x;
      return this.selfAttn.attentionWeights(normed, inputs, context);
    });
  }

  /** Whether anything in it is random in training. */
  get dropsAnything(): boolean {
    const { dropout, dropPath, mlp } = this;
    return dropout.rate > 0 || dropPath.rate > 0 || (mlp instanceof MLP && mlp.activationDropout.rate > 0);
  }

  /** What is added of a half's result. */
  private branch(x: tf.Tensor, scale: LayerScale | undefined, context: ForwardContext | undefined) {
    return this.dropPath.forward(scale ? scale.forward(x) : x, context);
  }
}

function createMLP({ activation = 'gelu', ...config }: TransformerBlockConfig): MLP | GatedMLP {
  if (activation === 'swiglu') return new GatedMLP({ ...config, activation: 'silu' });
  if (activation === 'geglu') return new GatedMLP({ ...config, activation: 'gelu' });
  return new MLP({ ...config, activation });
}
