import {
  attention,
  type ForwardContext,
  gelu,
  joinHeads,
  type KeyValueCache,
  LayerNorm,
  Linear,
  layerNorm,
  Module,
  MultiHeadAttention,
  Parameter,
  type Rng,
  residualAdd,
  splitHeads,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

export interface DALLEBartLayerConfig {
  hiddenSize: number;
  numHeads: number;
  intermediateSize: number;
  rng: Rng;
}

/** Layer normalisation with a learned shift and no scale. */
export class ShiftNorm extends Module {
  /** [dim] */
  readonly bias: Parameter;

  constructor(dim: number) {
    super();
    this.bias = new Parameter(tf.zeros([dim]));
  }

  /** float32 [..., dim] to the same. */
  forward(x: tf.Tensor): tf.Tensor {
    return tf.tidy(() => layerNorm(x, tf.ones(this.bias.shape), this.bias.value));
  }
}

/** A gated MLP that is normalised before and within: Shazeer 2020, GEGLU; Shleifer et al. 2021, section 3. */
class NormedGLU extends Module {
  readonly ln0: ShiftNorm;
  readonly fc0: Linear;
  readonly fc1: Linear;
  readonly ln1: ShiftNorm;
  readonly fc2: Linear;

  constructor({ hiddenSize, intermediateSize, rng }: DALLEBartLayerConfig) {
    super();
    this.ln0 = new ShiftNorm(hiddenSize);
    this.fc0 = new Linear(hiddenSize, intermediateSize, { bias: false, rng });
    this.fc1 = new Linear(hiddenSize, intermediateSize, { bias: false, rng });
    this.ln1 = new ShiftNorm(intermediateSize);
    this.fc2 = new Linear(intermediateSize, hiddenSize, { bias: false, rng });
  }

  /** [batch, length, hiddenSize] to the same. */
  forward(x: tf.Tensor, context?: ForwardContext): tf.Tensor {
    return tf.tidy(() => {
      const normed = this.ln0.forward(x);
      const gate = gelu(this.fc0.forward(normed, context)); // [batch, length, intermediateSize]
      const gated = tf.mul(gate, this.fc1.forward(normed, context));
      return this.fc2.forward(this.ln1.forward(gated), context);
    });
  }
}

/** A layer of the encoder: NormFormer's, whose attention is normalised before and after. Shleifer et al. 2021. */
export class DALLEBartEncoderLayer extends Module {
  readonly preSelfAttnLayerNorm: ShiftNorm;
  readonly selfAttn: MultiHeadAttention;
  readonly selfAttnLayerNorm: LayerNorm;
  readonly glu: NormedGLU;

  constructor(config: DALLEBartLayerConfig) {
    super();
    this.preSelfAttnLayerNorm = new ShiftNorm(config.hiddenSize);
    this.selfAttn = new MultiHeadAttention({ ...config, bias: false });
    this.selfAttnLayerNorm = new LayerNorm(config.hiddenSize);
    this.glu = new NormedGLU(config);
  }

  /** @param inputs.attentionMask [batch, length]; 1 for a token, 0 for padding. */
  forward(
    x: tf.Tensor,
    { attentionMask }: { attentionMask: tf.Tensor },
    context?: ForwardContext,
  ): tf.Tensor3D {
    return tf.tidy(() => {
      const mixed = this.selfAttn.forward(this.preSelfAttnLayerNorm.forward(x), { attentionMask }, context);
      const attended = residualAdd(x, this.selfAttnLayerNorm.forward(mixed));
      return residualAdd(attended, this.glu.forward(attended, context)) as tf.Tensor3D;
    });
  }
}

/** What a layer of the decoder makes of the text, once for all tokens of an image. */
export type TextKeysAndValues = {
  /** [batch, heads, textLength, headDim] */
  keys: tf.Tensor4D;
  /** [batch, heads, textLength, headDim] */
  values: tf.Tensor4D;
};

export interface DALLEBartDecoderInputs {
  /** Of {@link DALLEBartDecoderLayer.readText}. */
  text: TextKeysAndValues;
  /** [batch, 1, 1, textLength]; 1 for a token of the text, 0 for padding. */
  textMask: tf.Tensor;
  /** The past, which is added to. */
  cache?: KeyValueCache | undefined;
}

/** A layer of the decoder: causal attention, attention to the text, and the gated MLP. */
export class DALLEBartDecoderLayer extends Module {
  readonly preSelfAttnLayerNorm: ShiftNorm;
  readonly selfAttn: MultiHeadAttention;
  readonly selfAttnLayerNorm: LayerNorm;
  readonly preEncoderAttnLayerNorm: ShiftNorm;
  readonly encoderAttn: MultiHeadAttention;
  readonly encoderAttnLayerNorm: LayerNorm;
  readonly glu: NormedGLU;

  constructor(config: DALLEBartLayerConfig) {
    super();
    this.preSelfAttnLayerNorm = new ShiftNorm(config.hiddenSize);
    this.selfAttn = new MultiHeadAttention({ ...config, bias: false });
    this.selfAttnLayerNorm = new LayerNorm(config.hiddenSize);
    this.preEncoderAttnLayerNorm = new ShiftNorm(config.hiddenSize);
    this.encoderAttn = new MultiHeadAttention({ ...config, bias: false });
    this.encoderAttnLayerNorm = new LayerNorm(config.hiddenSize);
    this.glu = new NormedGLU(config);
  }

  /** [batch, textLength, hiddenSize], the encoder's result; the caller disposes what comes of it. */
  readText(encoded: tf.Tensor3D, context?: ForwardContext): TextKeysAndValues {
    const { kProj, vProj, numHeads } = this.encoderAttn;
    return tf.tidy(() => ({
      keys: splitHeads(kProj.forward(encoded, context), numHeads),
      values: splitHeads(vProj.forward(encoded, context), numHeads),
    }));
  }

  /** [batch, length, hiddenSize] to the same. */
  forward(
    x: tf.Tensor,
    { text, textMask, cache }: DALLEBartDecoderInputs,
    context?: ForwardContext,
  ): tf.Tensor3D {
    return tf.tidy(() => {
      const normed = this.preSelfAttnLayerNorm.forward(x);
      const mixed = this.selfAttn.forward(normed, { causal: true, cache }, context);
      const attended = residualAdd(x, this.selfAttnLayerNorm.forward(mixed));
      const told = this.attendToText(this.preEncoderAttnLayerNorm.forward(attended), text, textMask, context);
      const informed = residualAdd(attended, this.encoderAttnLayerNorm.forward(told));
      return residualAdd(informed, this.glu.forward(informed, context)) as tf.Tensor3D;
    });
  }

  private attendToText(
    x: tf.Tensor,
    { keys, values }: TextKeysAndValues,
    mask: tf.Tensor,
    context: ForwardContext | undefined,
  ): tf.Tensor {
    const { qProj, outProj, numHeads } = this.encoderAttn;
    const mixed = attention(splitHeads(qProj.forward(x, context), numHeads), keys, values, { mask });
    return outProj.forward(joinHeads(mixed), context);
  }
}
