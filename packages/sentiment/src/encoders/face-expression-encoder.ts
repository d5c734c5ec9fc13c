import {
  assertShape,
  BatchNorm2d,
  ConfigError,
  Conv2d,
  convNorm,
  type ForwardContext,
  globalAveragePool,
  kaimingNormal,
  Module,
  ModuleList,
  ResidualBlock,
  type Rng,
  runInOrder,
} from '@crossmodal/core';
import type { VisionEncoder, VisionEncoderOutput } from '@crossmodal/encoders';
import * as tf from '@tensorflow/tfjs-core';

export interface FaceExpressionEncoderConfig {
  /** Channels of each stage; all but the first halve the sides. Default [32, 64, 128]. */
  hiddenSizes?: readonly number[] | undefined;
  /** Residual blocks in each stage. Default 1. */
  depth?: number | undefined;
  /** Gives every weight its first value. */
  rng: Rng;
}

export interface FaceExpressionEncoderOutput extends VisionEncoderOutput {
  /** [batch, places, hiddenSize], row after row: what a fusion with attention takes. */
  lastHiddenState: tf.Tensor3D;
  /** [batch, hiddenSize]: the mean of `lastHiddenState` over the places. */
  pooledOutput: tf.Tensor2D;
}

/**
 * A small residual network for small pictures of faces or emoji (24 to 96 pixels a side), quick to train from nothing: a
 * 3 x 3 convolution that keeps the size, then stages of residual blocks. He et al. 2015, section 4.2.
 *
 * @example
 * const encoder = new FaceExpressionEncoder({ hiddenSizes: [32, 64, 128], rng: new Rng(0) });
 * const { lastHiddenState } = encoder.forward({ pixelValues }); // [batch, 48, 48, 3] to [batch, 144, 128]
 */
export class FaceExpressionEncoder extends Module implements VisionEncoder {
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly blocks: ModuleList<ResidualBlock>;
  readonly hiddenSize: number;

  /** @throws ConfigError when there is no stage, or a size is no positive integer. */
  constructor({ hiddenSizes = [32, 64, 128], depth = 1, rng }: FaceExpressionEncoderConfig) {
    super();
    const [first] = hiddenSizes;
    if (first === undefined)
      throw new ConfigError('FaceExpressionEncoder: hiddenSizes: expected one or more, received none.');
    for (const [name, size] of [
      ['depth', depth],
      ...hiddenSizes.map((size, i) => [`hiddenSizes[${i}]`, size] as const),
    ] as const)
      if (!(Number.isInteger(size) && size > 0))
        throw new ConfigError(
          `FaceExpressionEncoder: ${name}: expected a positive integer, received ${size}.`,
        );
    this.conv1 = new Conv2d(3, first, { kernelSize: 3, padding: 1, bias: false, rng });
    const { shape, layout } = this.conv1.weight;
    this.conv1.weight.assign(kaimingNormal(shape, rng, { layout, mode: 'fanOut', nonlinearity: 'relu' }));
    this.bn1 = new BatchNorm2d(first);
    this.blocks = new ModuleList(
      hiddenSizes.flatMap((size, i) =>
        Array.from({ length: depth }, (_, j) => {
          const before = j > 0 ? size : (hiddenSizes[i - 1] ?? first);
          return new ResidualBlock(before, size, { stride: i > 0 && j === 0 ? 2 : 1, rng });
        }),
      ),
    );
    this.hiddenSize = hiddenSizes.at(-1)!;
  }

  /**
   * @param input.pixelValues float32 [batch, height, width, 3], of any size.
   * @returns The caller disposes each of them.
   * @throws ShapeError
   */
  forward(
    { pixelValues }: { pixelValues: tf.Tensor4D },
    context?: ForwardContext,
  ): FaceExpressionEncoderOutput {
    const hint = 'Pictures are [batch, height, width, channels].';
    assertShape(pixelValues.shape, [null, null, null, 3], 'FaceExpressionEncoder: pixelValues', hint);
    return tf.tidy(() => {
      const stem = convNorm(pixelValues, this.conv1, this.bn1, context, { activation: 'relu' });
      const x = runInOrder(this.blocks, stem, context); // [batch, height', width', hiddenSize]
      const [batch, height, width] = x.shape;
      const lastHiddenState = tf.reshape(x, [batch, height * width, this.hiddenSize]) as tf.Tensor3D;
      return { lastHiddenState, pooledOutput: globalAveragePool(x) };
    });
  }
}
