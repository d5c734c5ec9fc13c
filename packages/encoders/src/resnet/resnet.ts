import {
  assertShape,
  BatchNorm2d,
  type Conv2d,
  convNorm,
  type ForwardContext,
  globalAveragePool,
  Module,
  ModuleList,
  maxPool2d,
  ResidualBlock,
  type Rng,
  runInOrder,
} from '@crossmodal/core';
import { type PretrainedFamily, PretrainedModule, writeConfig } from '@crossmodal/hub';
import * as tf from '@tensorflow/tfjs-core';
import { kaimingConv2d } from '../shared/kaiming-convolutions';
import type { VisionEncoder, VisionEncoderOutput } from '../shared/tower';
import { Bottleneck } from './bottleneck';
import { type ResNetConfig, readResNetConfig } from './resnet-config';

export interface ResNetOutput extends VisionEncoderOutput {
  /** [batch, hiddenSize]; the mean over the places of `lastHiddenState`. */
  pooledOutput: tf.Tensor2D;
  /** [batch, height / 32, width / 32, hiddenSize], rounded up. */
  lastHiddenState: tf.Tensor4D;
  /** Of each stage, [batch, height, width, hiddenSizes[i]], each half as high and wide as the one before. */
  featureMaps: tf.Tensor4D[];
}

/**
 * Residual network of images. He et al. 2015, table 1. Loads transformers' files and torchvision's (and timm's), whose
 * head, if there is one, is {@link ResNetForImageClassification}'s; files are written with transformers' names.
 *
 * Nothing but its batch norms depends on `training`. To fine-tune it with frozen norms, as is usual with small batches,
 * run it without `training` (gradients flow all the same) and freeze their scales and shifts:
 * `resnet.freeze(/normalization/)`.
 *
 * @example
 * const visionEncoder = new ResNet({ ...resNet50.config, rng: new Rng(0) });
 * const { pooledOutput, featureMaps } = visionEncoder.forward({ pixelValues }); // [batch, 2048]
 */
export class ResNet extends PretrainedModule implements VisionEncoder {
  static readonly family: PretrainedFamily<ResNet> = {
    prefix: 'resnet',
    build: (json, rng) => new ResNet({ ...readResNetConfig(json, 'ResNet.fromPretrained'), rng }),
  };
  static override readonly checkpointKeys = {
    conv1: ['embedder.embedder.convolution', 'conv1'],
    bn1: ['embedder.embedder.normalization', 'bn1'],
    'stages.0': ['encoder.stages.0', 'layer1'],
    'stages.1': ['encoder.stages.1', 'layer2'],
    'stages.2': ['encoder.stages.2', 'layer3'],
    'stages.3': ['encoder.stages.3', 'layer4'],
    stages: 'encoder.stages',
  };
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly stages: ModuleList<ResNetStage>;
  readonly config: ResNetConfig;

  constructor({ rng, ...config }: ResNetConfig & { rng: Rng }) {
    super();
    const { numChannels, embeddingSize, hiddenSizes, downsampleInFirstStage } = config;
    this.conv1 = kaimingConv2d(numChannels, embeddingSize, { kernelSize: 7, stride: 2, padding: 3, rng });
    this.bn1 = new BatchNorm2d(embeddingSize);
    this.stages = new ModuleList(
      hiddenSizes.map((size, i) => {
        const stride = i > 0 || downsampleInFirstStage ? 2 : 1;
        const depth = config.depths[i]!;
        return new ResNetStage(hiddenSizes[i - 1] ?? embeddingSize, size, { config, stride, depth, rng });
      }),
    );
    this.config = config;
  }

  get hiddenSize(): number {
    return this.config.hiddenSizes.at(-1)!;
  }

  /** @param input.pixelValues float32 [batch, height, width, numChannels], of any size. */
  forward({ pixelValues }: { pixelValues: tf.Tensor4D }, context?: ForwardContext): ResNetOutput {
    assertShape(pixelValues.shape, [null, null, null, this.config.numChannels], 'ResNet: pixelValues');
    return tf.tidy(() => {
      const stem = convNorm(pixelValues, this.conv1, this.bn1, context, { activation: 'relu' });
      let x = maxPool2d(stem, { kernelSize: 3, stride: 2, padding: 1 });
      stem.dispose();
      const featureMaps: tf.Tensor4D[] = [];
      for (const stage of this.stages) {
        x = stage.forward(x, context);
        featureMaps.push(x);
      }
      return { pooledOutput: globalAveragePool(x), lastHiddenState: x, featureMaps };
    });
  }

  protected override configJson(): Record<string, unknown> {
    return { architectures: ['ResNetModel'], model_type: 'resnet', ...writeConfig(this.config) };
  }
}

interface StageOptions {
  config: ResNetConfig;
  stride: number;
  depth: number;
  rng: Rng;
}

/** Blocks at one resolution. */
class ResNetStage extends Module {
  static override readonly checkpointKeys = {
    'layers.*.conv1': ['layers.*.layer.0.convolution', '*.conv1'],
    'layers.*.bn1': ['layers.*.layer.0.normalization', '*.bn1'],
    'layers.*.conv2': ['layers.*.layer.1.convolution', '*.conv2'],
    'layers.*.bn2': ['layers.*.layer.1.normalization', '*.bn2'],
    'layers.*.conv3': ['layers.*.layer.2.convolution', '*.conv3'],
    'layers.*.bn3': ['layers.*.layer.2.normalization', '*.bn3'],
    'layers.*.downsample.0': ['layers.*.shortcut.convolution', '*.downsample.0'],
    'layers.*.downsample.1': ['layers.*.shortcut.normalization', '*.downsample.1'],
  };
  readonly layers: ModuleList<ResidualBlock | Bottleneck>;

  constructor(inChannels: number, outChannels: number, { config, stride, depth, rng }: StageOptions) {
    super();
    const { layerType, downsampleInBottleneck: strideFirst } = config;
    const block = (from: number, stride: number) =>
      layerType === 'basic'
        ? new ResidualBlock(from, outChannels, { stride, rng })
        : new Bottleneck(from, outChannels, { stride, strideFirst, rng });
    this.layers = new ModuleList(
      Array.from({ length: depth }, (_, i) => (i === 0 ? block(inChannels, stride) : block(outChannels, 1))),
    );
  }

  forward(x: tf.Tensor4D, context: ForwardContext | undefined): tf.Tensor4D {
    return runInOrder(this.layers, x, context);
  }
}
