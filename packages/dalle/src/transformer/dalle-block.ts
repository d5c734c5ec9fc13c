import {
  attention,
  attentionWeights,
  cachedAttention,
  type ForwardContext,
  joinHeads,
  KeyValueCache,
  Module,
  type RotaryTables,
  residualAdd,
  rotaryEmbedding,
  splitHeads,
  TransformerBlock,
  type TransformerBlockConfig,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { stableAttention } from './stable-attention';
import { ShiftHistory, type ShiftMasks, tokenShift } from './token-shift';

export interface DALLEBlockInputs {
  /** What may be seen, [1, 1, length, past + length]. Default: all that is not after it. */
  bias?: tf.Tensor4D | undefined;
  /** Turns queries and keys. Default: nothing does. */
  rotary?: RotaryTables | undefined;
  /** Shifts tokens before both halves. Default: nothing is. */
  shift?: ShiftMasks | undefined;
  /** The past, which is added to. */
  cache?: BlockCache | undefined;
}

/** What a block keeps of the positions so far; the owner disposes it. */
export class BlockCache {
  readonly keysAndValues = new KeyValueCache();
  readonly shifts: readonly [ShiftHistory, ShiftHistory] = [new ShiftHistory(), new ShiftHistory()];

  dispose(): void {
    this.keysAndValues.dispose();
    for (const shift of this.shifts) shift.dispose();
  }
}

export interface DALLEBlockConfig extends TransformerBlockConfig {
  gridWidth: number;
  stableSoftmax: boolean;
}

/** A pre-norm block, to which token shift, rotary positions and stable softmax are added where they are wanted. */
export class DALLEBlock extends Module {
  static override readonly checkpointKeys = { block: '' };
  readonly block: TransformerBlock;
  private readonly gridWidth: number;
  private readonly stableSoftmax: boolean;

  constructor(config: DALLEBlockConfig) {
    super();
    this.block = new TransformerBlock(config);
    this.gridWidth = config.gridWidth;
    this.stableSoftmax = config.stableSoftmax;
  }

  /** float32 [batch, length, hiddenSize] to the same; the caller disposes it. */
  forward(x: tf.Tensor3D, inputs: DALLEBlockInputs, context?: ForwardContext): tf.Tensor3D {
    const { bias, rotary, shift, cache } = inputs;
    const { block } = this;
    if (!rotary && !shift && !this.stableSoftmax)
      return block.forward(x, { bias, causal: !bias, cache: cache?.keysAndValues }, context);
    const shifted = (x: tf.Tensor, half: 0 | 1) =>
      shift ? tokenShift(x as tf.Tensor3D, shift, this.gridWidth, cache?.shifts[half]) : (x as tf.Tensor3D);
    return tf.tidy(() => {
      const attended = this.attend(shifted(block.layerNorm1.forward(x), 0), inputs, context);
      const kept = block.dropout.forward(attended, context);
      const middle = residualAdd<tf.Tensor>(x, block.layerScale1?.forward(kept) ?? kept);
      const transformed = block.mlp.forward(shifted(block.layerNorm2.forward(middle), 1), context);
      const scaled = block.layerScale2?.forward(transformed) ?? transformed;
      return residualAdd(middle, scaled) as tf.Tensor3D;
    });
  }

  /**
   * How much of each position every position takes; the cache has no say.
   *
   * @returns float32 [batch, heads, length, length]; the caller disposes it.
   */
  attentionWeights(x: tf.Tensor3D, { bias, rotary, shift }: DALLEBlockInputs): tf.Tensor4D {
    return tf.tidy(() => {
      const normed = this.block.layerNorm1.forward(x) as tf.Tensor3D;
      const shifted = shift ? tokenShift(normed, shift, this.gridWidth, undefined) : normed;
      const { query, keys } = this.queriesAndKeys(shifted, rotary);
      return attentionWeights(query, keys, { bias, causal: !bias });
    });
  }

  /** Self-attention with what core's has not. */
  private attend(
    x: tf.Tensor3D,
    { bias, rotary, cache }: DALLEBlockInputs,
    context: ForwardContext | undefined,
  ): tf.Tensor3D {
    const { vProj, outProj, numHeads } = this.block.selfAttn;
    const { query, keys } = this.queriesAndKeys(x, rotary, context);
    const values = splitHeads(vProj.forward(x, context), numHeads);
    const past = cache?.keysAndValues;
    const options = { bias, causal: !bias };
    let mixed: tf.Tensor4D; // [batch, heads, length, headDim]
    if (this.stableSoftmax && bias) {
      const all = past?.append(keys, values) ?? { keys, values };
      mixed = stableAttention(query, all.keys, all.values, bias);
    } else if (past) mixed = cachedAttention(query, keys, values, past, options);
    else mixed = attention(query, keys, values, options);
    return outProj.forward(joinHeads(mixed), context) as tf.Tensor3D;
  }

  /** Both [batch, heads, length, headDim]. */
  private queriesAndKeys(x: tf.Tensor3D, rotary: RotaryTables | undefined, context?: ForwardContext) {
    const { qProj, kProj, numHeads } = this.block.selfAttn;
    const turn = (x: tf.Tensor4D) => (rotary ? rotaryEmbedding(x, rotary) : x);
    return {
      query: turn(splitHeads(qProj.forward(x, context), numHeads)),
      keys: turn(splitHeads(kProj.forward(x, context), numHeads)),
    };
  }
}
