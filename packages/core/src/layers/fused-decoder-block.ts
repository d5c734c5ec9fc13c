import * as tf from '@tensorflow/tfjs-core';
import type { ForwardContext } from '../forward-context';
import { customOp } from '../ops/custom-op';
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
  block: TransformerBlock,
  x: tf.Tensor,
  inputs: AttentionInputs,
  context: ForwardContext | undefined,
): tf.Tensor3D | undefined {
  const { cache, causal } = inputs;
  if (!cache || !causal || !hasFusedKernel('FusedDecoderBlock')) return;
  const past = cache.length;
  const parts = inferenceParts(block, x, inputs, context);
  const [batch, length, hiddenSize] = x.shape as [number, number, number];
  if (!parts || (length > 1 && past > 0)) return;
  const { numHeads } = block.selfAttn;
  const headDim = hiddenSize / numHeads;
  if (headDim % 8 !== 0) return;
  const { keys, values } = cache.extend([batch, numHeads, length, headDim]);
  const given = { x, keys, values, ...parts.weights };
  return runFusedKernel('FusedDecoderBlock', given, { ...parts.attrs, past })[0] as tf.Tensor3D;
}

/** A pre-norm block in inference as one kernel; undefined as for {@link fusedDecoderBlock}. */
export function fusedEncoderBlock(
  block: TransformerBlock,
  x: tf.Tensor,
  inputs: AttentionInputs,
  context: ForwardContext | undefined,
): tf.Tensor3D | undefined {
  if (inputs.cache || !hasFusedKernel('FusedEncoderBlock')) return;
  const parts = inferenceParts(block, x, inputs, context);
  if (!parts) return;
  const attrs = { ...parts.attrs, causal: inputs.causal ?? false };
  return runFusedKernel('FusedEncoderBlock', { x, ...parts.weights }, attrs)[0] as tf.Tensor3D;
}

/**
 * A pre-norm block whose gradient is wanted, as one kernel there and one back; undefined as for
 * {@link fusedDecoderBlock}, and where some weights are frozen (their gradients would be computed for nothing).
 */
export function trainedEncoderBlock(
  block: TransformerBlock,
  x: tf.Tensor,
  inputs: AttentionInputs,
  context: ForwardContext | undefined,
): tf.Tensor3D | undefined {
  if (inputs.cache || !tf.engine().isTapeOn() || !hasFusedKernel('FusedEncoderBlockGrad')) return;
  if (context?.training && block.dropsAnything) return;
  const parts = partsOf(block, x, inputs);
  if (!parts) return;
  const given = Object.entries(parts.weights).filter(([, weight]) => weight !== undefined);
  if (given.some(([, weight]) => !(weight as tf.Variable).trainable)) return;
  const weights = Object.fromEntries(given) as tf.NamedTensorMap;
  const names = Object.keys(weights);
  const attrs = { ...parts.attrs, causal: inputs.causal ?? false };
  return customOp<tf.Tensor3D>(
    { x, ...weights },
    (save) => {
      const [y, ...saved] = runFusedKernel('FusedEncoderBlockForward', { x, ...weights }, attrs);
      save([x, ...names.map((name) => weights[name]!), ...saved]);
      return y as tf.Tensor3D;
    },
    (dy, [x, ...rest]) => {
      const inputs: tf.NamedTensorMap = { dy, x: x! };
      for (const [i, name] of names.entries()) inputs[name] = rest[i]!;
      for (const [i, tensor] of rest.slice(names.length).entries()) inputs[`saved${i}`] = tensor;
      const [dx, ...gradients] = runFusedKernel('FusedEncoderBlockGrad', inputs, attrs);
      return {
        x: () => dx!,
        ...Object.fromEntries(names.map((name, i) => [name, () => gradients[i]!])),
      };
    },
  );
}

/** What the kernels of inference take; undefined where they do not apply. */
function inferenceParts(
  block: TransformerBlock,
  x: tf.Tensor,
  inputs: AttentionInputs,
  context: ForwardContext | undefined,
) {
  if (tf.engine().isTapeOn() || (context?.training && block.dropsAnything)) return;
  return partsOf(block, x, inputs);
}

/** What all of these kernels take, weights in the order of their table; undefined where they do not apply. */
function partsOf(
  { layerNorm1, layerNorm2, selfAttn, mlp, layerScale1, normPosition }: TransformerBlock,
  x: tf.Tensor,
  { attentionMask, bias, source, weights: given }: AttentionInputs,
) {
  if (attentionMask || bias || source || given) return;
  if (normPosition !== 'pre' || layerScale1 || mlp instanceof GatedMLP) return;
  if (!(layerNorm1 instanceof LayerNorm) || !(layerNorm2 instanceof LayerNorm)) return;
  const { qProj, kProj, vProj, outProj, numHeads } = selfAttn;
  const activation = variants[mlp.activation];
  if (activation === undefined || x.rank !== 3 || x.shape[2] !== qProj.weight.shape[0]) return;
  const weights: Record<string, tf.Tensor | undefined> = {
    gamma1: layerNorm1.weight.value,
    beta1: layerNorm1.bias.value,
    gamma2: layerNorm2.weight.value,
    beta2: layerNorm2.bias.value,
  };
  const linears = { q: qProj, k: kProj, v: vProj, out: outProj, fc1: mlp.fc1, fc2: mlp.fc2 };
  if (!Object.values(linears).every((linear) => linear.isPlain)) return;
  for (const [name, linear] of Object.entries(linears)) weights[`${name}Weight`] = linear.weight.value;
  for (const [name, linear] of Object.entries(linears)) weights[`${name}Bias`] = linear.bias?.value;
  return { weights, attrs: { numHeads, epsilon: layerNorm1.epsilon, activation } };
}
