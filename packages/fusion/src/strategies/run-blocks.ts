import { checkpointedBlock, type ForwardContext, type TransformerBlock } from '@crossmodal/core';
import type * as tf from '@tensorflow/tfjs-core';

/** Blocks one after the other on tokens [batch, length, hiddenSize] with a mask [batch, length]. Within `tf.tidy`. */
export function runBlocks(
  blocks: Iterable<TransformerBlock>,
  tokens: tf.Tensor3D,
  attentionMask: tf.Tensor2D,
  context?: ForwardContext,
): tf.Tensor3D {
  let x = tokens;
  for (const block of blocks) x = checkpointedBlock(block, x, { attentionMask }, context);
  return x;
}
