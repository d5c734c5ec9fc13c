import { ConfigError, embedding, type ForwardContext, Module, type Rng, requireRng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * In training, leaves out a random share of each image's patches, so that a step costs less; nothing otherwise.
 * Those that stay keep their order, and are not scaled. Li et al. 2022, "Scaling language-image pre-training via
 * masking", section 3.
 *
 * @example
 * const drop = new PatchDropout(0.5, { prefixTokens: 1 });
 * const kept = drop.forward(tf.ones([8, 1 + 196, 768]), { training: true, rng }); // [8, 1 + 98, 768]
 */
export class PatchDropout extends Module {
  /** Tokens before the patches, which always stay. */
  readonly prefixTokens: number;

  /** @throws ConfigError when the rate is not in [0, 1). */
  constructor(
    readonly rate: number,
    { prefixTokens = 0 }: { prefixTokens?: number | undefined } = {},
  ) {
    super();
    if (!(rate >= 0 && rate < 1))
      throw new ConfigError(`PatchDropout: rate: expected [0, 1), received ${rate}.`);
    this.prefixTokens = prefixTokens;
  }

  /** [batch, prefixTokens + patches, hiddenSize] to [batch, prefixTokens + kept, hiddenSize]; a new tensor. */
  forward(x: tf.Tensor3D, context?: ForwardContext): tf.Tensor3D {
    if (!context?.training || this.rate === 0) return tf.clone(x);
    const rng = requireRng(context, 'PatchDropout');
    const [batch, length, hiddenSize] = x.shape;
    const patches = length - this.prefixTokens;
    const kept = Math.max(1, Math.floor(patches * (1 - this.rate)));
    return tf.tidy(() => {
      const ids = rng.tensor([batch, this.prefixTokens + kept], (source) =>
        this.choose(batch, length, kept, source),
      );
      return embedding(tf.reshape(x, [batch * length, hiddenSize]), ids) as tf.Tensor3D;
    });
  }

  /** The rows that stay, of all samples' laid one after the other. */
  private choose(batch: number, length: number, kept: number, rng: Rng): Int32Array {
    const { prefixTokens } = this;
    const ids = new Int32Array(batch * (prefixTokens + kept));
    for (let sample = 0; sample < batch; sample++) {
      const chosen = rng
        .permutation(length - prefixTokens)
        .subarray(0, kept)
        .sort();
      const start = sample * (prefixTokens + kept);
      for (let i = 0; i < prefixTokens; i++) ids[start + i] = sample * length + i;
      for (const [i, patch] of chosen.entries())
        ids[start + prefixTokens + i] = sample * length + prefixTokens + patch;
    }
    return ids;
  }
}
