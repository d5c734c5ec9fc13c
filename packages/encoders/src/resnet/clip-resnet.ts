import {
  assertShape,
  averagePool2d,
  BatchNorm2d,
  ConfigError,
  type Conv2d,
  convNorm,
  type ForwardContext,
  Module,
  ModuleList,
  type Rng,
  runInOrder,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { kaimingConv2d } from '../shared/kaiming-convolutions';
import type { VisionEncoder, VisionEncoderOutput } from '../shared/tower';
import { AttentionPool2d } from './attention-pool2d';
import { Shortcut } from './bottleneck';
import type { CLIPResNetConfig } from './clip-resnet-config';

const EXPANSION = 4;

export interface CLIPResNetOutput extends VisionEncoderOutput {
  /** [batch, hiddenSize], in the space that pictures and texts share: CLIP projects it no further. */
  pooledOutput: tf.Tensor2D;
  /** [batch, imageSize / 32, imageSize / 32, 32 width] */
  lastHiddenState: tf.Tensor4D;
  /** Of each stage, [batch, height, width, channels], each half as high and wide as the one before. */
  featureMaps: tf.Tensor4D[];
}

/**
 * CLIP's convolutional image tower (RN50, RN101, RN50x4, ...): a ResNet with a stem of three convolutions, means
 * before what has a stride, and attention for a pooling. Parameters named as OpenAI's and open_clip's, below their
 * `visual.`. Radford et al. 2021, section 2.4.
 *
 * Nothing but its batch norms depends on `training`: see {@link ResNet} for how to freeze them.
 *
 * @throws ConfigError when the picture cannot be halved five times, or heads do not divide the channels.
 * @example
 * const visionEncoder = new CLIPResNet({ ...clipRN50.config, rng: new Rng(0) });
 * const { pooledOutput } = visionEncoder.forward({ pixelValues }); // [batch, 1024]
 */
export class CLIPResNet extends Module implements VisionEncoder {
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly conv3: Conv2d;
  readonly bn3: BatchNorm2d;
  readonly layer1: ModuleList<AntialiasedBottleneck>;
  readonly layer2: ModuleList<AntialiasedBottleneck>;
  readonly layer3: ModuleList<AntialiasedBottleneck>;
  readonly layer4: ModuleList<AntialiasedBottleneck>;
  readonly attnpool: AttentionPool2d;
  readonly config: CLIPResNetConfig;

  constructor({ rng, ...config }: CLIPResNetConfig & { rng: Rng }) {
    super();
    const { layers, width, headWidth, imageSize, embedDim } = config;
    const channels = width * 8 * EXPANSION;
    if (layers.length !== 4 || imageSize % 32 !== 0 || width % 2 !== 0 || channels % headWidth !== 0) {
      throw new ConfigError(
        'CLIPResNet: expected four stages, an imageSize that is a multiple of 32, an even width and a headWidth that ' +
          `divides 32 width, received layers [${layers.join(', ')}], imageSize ${imageSize}, width ${width}, ` +
          `headWidth ${headWidth}.`,
      );
    }
    this.conv1 = kaimingConv2d(3, width / 2, { kernelSize: 3, stride: 2, padding: 1, rng });
    this.bn1 = new BatchNorm2d(width / 2);
    this.conv2 = kaimingConv2d(width / 2, width / 2, { kernelSize: 3, padding: 1, rng });
    this.bn2 = new BatchNorm2d(width / 2);
    this.conv3 = kaimingConv2d(width / 2, width, { kernelSize: 3, padding: 1, rng });
    this.bn3 = new BatchNorm2d(width);
    const stage = (i: number) => {
      const inside = width * 2 ** i;
      const before = i === 0 ? width : (inside / 2) * EXPANSION;
      const block = (_: unknown, j: number) =>
        j === 0
          ? new AntialiasedBottleneck(before, inside, i === 0 ? 1 : 2, rng)
          : new AntialiasedBottleneck(inside * EXPANSION, inside, 1, rng);
      return new ModuleList(Array.from({ length: layers[i]! }, block));
    };
    this.layer1 = stage(0);
    this.layer2 = stage(1);
    this.layer3 = stage(2);
    this.layer4 = stage(3);
    const places = (imageSize / 32) ** 2;
    const numHeads = channels / headWidth;
    this.attnpool = new AttentionPool2d({ places, channels, numHeads, outputDim: embedDim, rng });
    this.config = config;
  }

  get hiddenSize(): number {
    return this.config.embedDim;
  }

  /** @param input.pixelValues float32 [batch, imageSize, imageSize, 3] */
  forward({ pixelValues }: { pixelValues: tf.Tensor4D }, context?: ForwardContext): CLIPResNetOutput {
    const { imageSize } = this.config;
    assertShape(pixelValues.shape, [null, imageSize, imageSize, 3], 'CLIPResNet: pixelValues');
    return tf.tidy(() => {
      let x = this.stem(pixelValues, context);
      const featureMaps: tf.Tensor4D[] = [];
      for (const layers of [this.layer1, this.layer2, this.layer3, this.layer4]) {
        x = runInOrder(layers, x, context);
        featureMaps.push(x);
      }
      return { pooledOutput: this.attnpool.forward(x), lastHiddenState: x, featureMaps };
    });
  }

  /** [batch, imageSize, imageSize, 3] to [batch, imageSize / 4, imageSize / 4, width]. */
  private stem(pixelValues: tf.Tensor4D, context: ForwardContext | undefined): tf.Tensor4D {
    return tf.tidy(() => {
      const first = convNorm(pixelValues, this.conv1, this.bn1, context, { activation: 'relu' });
      const second = convNorm(first, this.conv2, this.bn2, context, { activation: 'relu' });
      const third = convNorm(second, this.conv3, this.bn3, context, { activation: 'relu' });
      return averagePool2d(third, { kernelSize: 2 });
    });
  }
}

/** A bottleneck whose stride is a mean over the places that it leaves out, on both paths. */
class AntialiasedBottleneck extends Module {
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly conv3: Conv2d;
  readonly bn3: BatchNorm2d;
  readonly downsample: Shortcut | undefined;
  private readonly stride: number;

  /** @param inside Channels within the block, a quarter of those it returns. */
  constructor(inChannels: number, inside: number, stride: number, rng: Rng) {
    super();
    const outChannels = inside * EXPANSION;
    this.conv1 = kaimingConv2d(inChannels, inside, { kernelSize: 1, rng });
    this.bn1 = new BatchNorm2d(inside);
    this.conv2 = kaimingConv2d(inside, inside, { kernelSize: 3, padding: 1, rng });
    this.bn2 = new BatchNorm2d(inside);
    this.conv3 = kaimingConv2d(inside, outChannels, { kernelSize: 1, rng });
    this.bn3 = new BatchNorm2d(outChannels);
    this.bn3.weight.assign(tf.zeros([outChannels])); // the block starts as its shortcut
    const changes = stride !== 1 || inChannels !== outChannels;
    this.downsample = changes ? new Shortcut(inChannels, outChannels, 1, rng) : undefined;
    this.stride = stride;
  }

  /** [batch, height, width, in] to [batch, height / stride, width / stride, 4 inside]. */
  forward(x: tf.Tensor4D, context?: ForwardContext): tf.Tensor4D {
    return tf.tidy(() => {
      const residual = this.downsample ? this.downsample.forward(this.pool(x), context) : x;
      const narrow = convNorm(x, this.conv1, this.bn1, context, { activation: 'relu' });
      const inner = convNorm(narrow, this.conv2, this.bn2, context, { activation: 'relu' });
      narrow.dispose();
      return convNorm(this.pool(inner), this.conv3, this.bn3, context, { activation: 'relu', residual });
    });
  }

  private pool(x: tf.Tensor4D): tf.Tensor4D {
    return this.stride === 1 ? x : averagePool2d(x, { kernelSize: this.stride });
  }
}
