import { assertShape, Conv2d, Module, ModuleList, maxPool2d, type Rng, relu } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

/** A network whose inner maps a `PerceptualLoss` compares. */
export interface FeatureNetwork extends Module {
  /** Channels of each map. */
  readonly channels: readonly number[];
  /** float32 [batch, height, width, 3] to maps [batch, height', width', channels[i]]; the caller disposes them. */
  forward(pixels: tf.Tensor4D): tf.Tensor4D[];
}

/** 3 x 3 convolutions of each block; a 2 x 2 maximum is between blocks. */
const DEPTHS = [2, 2, 3, 3, 3];

export interface VGG16FeaturesConfig {
  /** Channels of the five blocks. Default: VGG16's, 64, 128, 256, 512 and 512. */
  channels?: readonly number[] | undefined;
  rng: Rng;
}

/**
 * The convolutions of VGG16, and the five maps after them that LPIPS compares. Simonyan and Zisserman 2015, table 1 (D);
 * Zhang et al. 2018, section 3. Keys are torchvision's; of its file, what belongs to the classifier is not used.
 *
 * @throws ShapeError when there are not five numbers of channels.
 * @example
 * const vgg = new VGG16Features({ rng: new Rng(0) });
 * await loadWeights(vgg, await openTorchCheckpoint(file), { ignore: [/^classifier/] }); // torchvision's vgg16
 */
export class VGG16Features extends Module implements FeatureNetwork {
  static override readonly checkpointKeys = {
    'convs.0': 'features.0',
    'convs.1': 'features.2',
    'convs.2': 'features.5',
    'convs.3': 'features.7',
    'convs.4': 'features.10',
    'convs.5': 'features.12',
    'convs.6': 'features.14',
    'convs.7': 'features.17',
    'convs.8': 'features.19',
    'convs.9': 'features.21',
    'convs.10': 'features.24',
    'convs.11': 'features.26',
    'convs.12': 'features.28',
  };
  readonly convs: ModuleList<Conv2d>;
  readonly channels: readonly number[];

  constructor({ channels = [64, 128, 256, 512, 512], rng }: VGG16FeaturesConfig) {
    super();
    assertShape([channels.length], [DEPTHS.length], 'VGG16Features: channels');
    const outputs = DEPTHS.flatMap((depth, block) => Array<number>(depth).fill(channels[block]!));
    this.convs = new ModuleList(
      outputs.map((output, i) => new Conv2d(outputs[i - 1] ?? 3, output, { kernelSize: 3, padding: 1, rng })),
    );
    this.channels = channels;
  }

  forward(pixels: tf.Tensor4D): tf.Tensor4D[] {
    return tf.tidy(() => {
      const convs = this.convs[Symbol.iterator]();
      let x = pixels;
      return DEPTHS.map((depth, block) => {
        if (block > 0) x = maxPool2d(x, { kernelSize: 2 });
        for (let i = 0; i < depth; i++) x = relu((convs.next().value as Conv2d).forward(x)) as tf.Tensor4D;
        return x;
      });
    });
  }
}
