import { assertShape, type Conv2d, maxPool2d, type Rng, relu, ShapeError } from '@crossmodal/core';
import { type PretrainedFamily, PretrainedModule, writeConfig } from '@crossmodal/hub';
import * as tf from '@tensorflow/tfjs-core';
import { type DVAEGroups, dvaeConv, dvaeGroups } from './dvae-block';
import { checkHiddenSize, type DVAEConfig, readDVAEConfig } from './dvae-config';

const KERNEL_SIZES = [3, 3, 3, 1];

/**
 * The encoder of OpenAI's discrete VAE, which is FLAVA's image codebook too: from a picture to the logits of a code
 * for each 8 x 8 of its pixels. Files are written with transformers' names (`FlavaImageCodebook`), and read with
 * those and OpenAI's. Ramesh et al. 2021, appendix A.2.
 *
 * @throws ConfigError when `hiddenSize` is no multiple of 4.
 * @example
 * const encoder = await DVAEEncoder.fromPretrained('facebook/flava-image-codebook');
 * const logits = encoder.forward(mapPixels(pixelValues)); // [batch, height / 8, width / 8, 8192]
 */
export class DVAEEncoder extends PretrainedModule {
  static readonly family: PretrainedFamily<DVAEEncoder> = {
    prefix: 'image_codebook',
    build: (json, rng) => new DVAEEncoder({ ...readDVAEConfig(json['image_codebook_config'] ?? json), rng }),
  };
  static override readonly checkpointKeys = {
    'input.weight': ['blocks.input.weight', 'blocks.input.w'],
    'input.bias': ['blocks.input.bias', 'blocks.input.b'],
    'groups.group_*.block_*.id_path.weight': [
      'blocks.group_*.group.block_*.id_path.weight',
      'blocks.group_*.block_*.id_path.w',
    ],
    'groups.group_*.block_*.id_path.bias': [
      'blocks.group_*.group.block_*.id_path.bias',
      'blocks.group_*.block_*.id_path.b',
    ],
    'groups.group_*.block_*.res_path.conv_*.weight': [
      'blocks.group_*.group.block_*.res_path.path.conv_*.weight',
      'blocks.group_*.block_*.res_path.conv_*.w',
    ],
    'groups.group_*.block_*.res_path.conv_*.bias': [
      'blocks.group_*.group.block_*.res_path.path.conv_*.bias',
      'blocks.group_*.block_*.res_path.conv_*.b',
    ],
    'output.weight': ['blocks.output.conv.weight', 'blocks.output.conv.w'],
    'output.bias': ['blocks.output.conv.bias', 'blocks.output.conv.b'],
  };
  readonly input: Conv2d;
  readonly groups: DVAEGroups;
  readonly output: Conv2d;
  readonly config: DVAEConfig;

  constructor({ rng, ...config }: DVAEConfig & { rng: Rng }) {
    super();
    checkHiddenSize(config, 'DVAEEncoder');
    const { inputChannels, hiddenSize, numBlocksPerGroup, vocabSize } = config;
    const channels = [1, 1, 2, 4, 8].map((times) => times * hiddenSize);
    this.input = dvaeConv(inputChannels, hiddenSize, 7, rng);
    this.groups = dvaeGroups(channels, KERNEL_SIZES, numBlocksPerGroup, rng);
    this.output = dvaeConv(8 * hiddenSize, vocabSize, 1, rng);
    this.config = config;
  }

  /**
   * @param pixelValues float32 [batch, height, width, inputChannels], as {@link mapPixels} makes them; sides are
   *   multiples of 8.
   * @returns float32 [batch, height / 8, width / 8, vocabSize], logits; the caller disposes it.
   * @throws ShapeError
   */
  forward(pixelValues: tf.Tensor4D): tf.Tensor4D {
    const hint = 'Pictures are [batch, height, width, channels].';
    assertShape(
      pixelValues.shape,
      [null, null, null, this.config.inputChannels],
      'DVAEEncoder: pixelValues',
      hint,
    );
    const [, height, width] = pixelValues.shape;
    if (height % 8 !== 0 || width % 8 !== 0)
      throw new ShapeError(
        `DVAEEncoder: pixelValues: expected sides that are multiples of 8, received ${height} x ${width}.`,
      );
    return tf.tidy(() => {
      let x = this.input.forward(pixelValues); // [batch, height, width, hiddenSize]
      for (const [i, group] of [...this.groups].entries()) {
        if (i > 0) x = maxPool2d(x, { kernelSize: 2 });
        for (const block of group) x = block.forward(x);
      }
      return this.output.forward(relu(x));
    });
  }

  protected override configJson(): Record<string, unknown> {
    const { initSize: _, ...config } = this.config;
    return {
      architectures: ['FlavaImageCodebook'],
      model_type: 'flava_image_codebook',
      num_groups: 4,
      ...writeConfig(config),
    };
  }
}
