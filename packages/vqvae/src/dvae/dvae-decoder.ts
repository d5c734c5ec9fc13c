import { assertShape, type Conv2d, embedding, Module, type Rng, relu } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { upsampleNearest } from '../vqgan/upsample-nearest';
import { type DVAEGroups, dvaeConv, dvaeGroups } from './dvae-block';
import { checkHiddenSize, type DVAEConfig } from './dvae-config';

const KERNEL_SIZES = [1, 3, 3, 3];

/**
 * The decoder of OpenAI's discrete VAE: from codes to a distribution of each pixel's channels. Parameters are named
 * as OpenAI's. Ramesh et al. 2021, appendix A.2.
 *
 * @throws ConfigError when `hiddenSize` is no multiple of 4.
 * @example
 * const decoder = new DVAEDecoder({ ...readDVAEConfig({}), rng: new Rng(0) });
 * await decoder.loadTensors(await openTorchCheckpoint(file)); // in Python: torch.save(torch.load('decoder.pkl').state_dict(), file)
 */
export class DVAEDecoder extends Module {
  static override readonly checkpointKeys = {
    'input.weight': 'blocks.input.w',
    'input.bias': 'blocks.input.b',
    'groups.group_*.block_*.id_path.weight': 'blocks.group_*.block_*.id_path.w',
    'groups.group_*.block_*.id_path.bias': 'blocks.group_*.block_*.id_path.b',
    'groups.group_*.block_*.res_path.conv_*.weight': 'blocks.group_*.block_*.res_path.conv_*.w',
    'groups.group_*.block_*.res_path.conv_*.bias': 'blocks.group_*.block_*.res_path.conv_*.b',
    'output.weight': 'blocks.output.conv.w',
    'output.bias': 'blocks.output.conv.b',
  };
  readonly input: Conv2d;
  readonly groups: DVAEGroups;
  readonly output: Conv2d;
  readonly config: DVAEConfig;

  constructor({ rng, ...config }: DVAEConfig & { rng: Rng }) {
    super();
    checkHiddenSize(config, 'DVAEDecoder');
    const { inputChannels, hiddenSize, numBlocksPerGroup, vocabSize, initSize = 128 } = config;
    const channels = [initSize, ...[8, 4, 2, 1].map((times) => times * hiddenSize)];
    this.input = dvaeConv(vocabSize, initSize, 1, rng);
    this.groups = dvaeGroups(channels, KERNEL_SIZES, numBlocksPerGroup, rng);
    this.output = dvaeConv(hiddenSize, 2 * inputChannels, 1, rng);
    this.config = config;
  }

  /**
   * @param weights float32 [batch, height, width, vocabSize]: how much of each code there is, with sum 1.
   * @returns float32 [batch, 8 height, 8 width, 2 inputChannels]: the means of the logits of the mapped pixels, then
   *   the logarithms of their scales, as {@link logitLaplaceLoss} takes them; the caller disposes it.
   * @throws ShapeError
   */
  forward(weights: tf.Tensor4D): tf.Tensor4D {
    assertShape(weights.shape, [null, null, null, this.config.vocabSize], 'DVAEDecoder: weights');
    return tf.tidy(() => this.fromVectors(this.input.forward(weights)));
  }

  /**
   * As {@link forward}, of one code each.
   *
   * @param codebookIndices int32 [batch, height, width]
   * @throws ShapeError; DataError when an index is out of range.
   */
  fromIndices(codebookIndices: tf.Tensor3D): tf.Tensor4D {
    assertShape(codebookIndices.shape, [null, null, null], 'DVAEDecoder: codebookIndices');
    return tf.tidy(() => {
      const { weight, bias } = this.input;
      const table = tf.reshape(weight.value, [weight.shape[2]!, weight.shape[3]!]); // [vocabSize, initSize]
      return this.fromVectors(tf.add(embedding(table, codebookIndices), bias!.value));
    });
  }

  /** [batch, height, width, initSize] to [batch, 8 height, 8 width, 2 inputChannels]. */
  private fromVectors(vectors: tf.Tensor4D): tf.Tensor4D {
    let x = vectors;
    for (const [i, group] of [...this.groups].entries()) {
      if (i > 0) x = upsampleNearest(x);
      for (const block of group) x = block.forward(x);
    }
    return this.output.forward(relu(x));
  }
}
