import * as tf from '@tensorflow/tfjs-core';
import type { ForwardContext } from '../forward-context';
import { hasFusedKernel, runFusedKernel } from '../ops/fused-kernels';
import { GatedMLP } from './gated-mlp';
import { LayerNorm } from './layer-norm';
import type { AttentionInputs } from './multi-head-attention';
import type { TransformerBlock } from './transformer-block';

const variants: Record<string, string> = { gelu: 'erf', geluTanh: 'tanh', quickGelu: 'quick' };

/**
 * A pre-norm block's step of generating, as one kernel that writes into the cache's memory; undefined where the
 * engine has no such kernel, or the block, its inputs or a gradient ask for more.
 *
 * @param x float32 [batch, length, hiddenSize]
 * @returns float32 [batch, length, hiddenSize]
 */
export function fusedDecoderBlock(
  { layerNorm1, layerNorm2, selfAttn, mlp, layerScale1, normPosition }: TransformerBlock,
  x: tf.Tensor,
  { cache, causal, attentionMask, bias, source }: AttentionInputs,
  context: ForwardContext | undefined,
): tf.Tensor3D | undefined {
  if (!cache || !causal || attentionMask || bias || source || context?.training) return;
  if (!hasFusedKernel('FusedDecoderBlock') || tf.engine().isTapeOn()) return;
  if (normPosition !== 'pre' || layerScale1 || mlp instanceof GatedMLP) return;
  if (!(layerNorm1 instanceof LayerNorm) || !(layerNorm2 instanceof LayerNorm)) return;
  const { qProj, kProj, vProj, outProj, numHeads } = selfAttn;
  const [batch, length, hiddenSize] = x.shape as [number, number, number];
  const past = cache.length;
  const activation = variants[mlp.activation];
  if (activation === undefined || x.rank !== 3 || hiddenSize !== qProj.weight.shape[0]) return;
  if (length > 1 && past > 0) return;
  const { keys, values } = cache.extend([batch, numHeads, length, hiddenSize / numHeads]);
  const inputs: Record<string, tf.Tensor | undefined> = {
    x,
    keys,
    values,
    gamma1: layerNorm1.weight.value,
    beta1: layerNorm1.bias.value,
    gamma2: layerNorm2.weight.value,
    beta2: layerNorm2.bias.value,
  };
  const linears = { q: qProj, k: kProj, v: vProj, out: outProj, fc1: mlp.fc1, fc2: mlp.fc2 };
  for (const [name, linear] of Object.entries(linears)) {
    inputs[`${name}Weight`] = linear.weight.value;
    inputs[`${name}Bias`] = linear.bias?.value;
  }
  const attrs = { numHeads, epsilon: layerNorm1.epsilon, activation, past };
  return runFusedKernel('FusedDecoderBlock', inputs, attrs)[0] as tf.Tensor3D;
}
