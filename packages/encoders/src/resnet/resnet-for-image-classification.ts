import { type ForwardContext, Linear, type Rng } from '@crossmodal/core';
import { type PretrainedFamily, PretrainedModule, writeConfig } from '@crossmodal/hub';
import * as tf from '@tensorflow/tfjs-core';
import { labelsInOrder } from '../shared/labels';
import { ResNet, type ResNetOutput } from './resnet';
import { type ResNetConfig, readResNetConfig } from './resnet-config';

export interface ResNetForImageClassificationOutput extends ResNetOutput {
  /** [batch, classes] */
  logits: tf.Tensor2D;
}

/**
 * A {@link ResNet} with a linear classifier on its pooled output, as transformers and torchvision publish it.
 *
 * @throws ConfigError when there are no labels.
 * @example
 * const model = new ResNetForImageClassification({ ...resNet50.config, rng: new Rng(0) });
 * const { logits } = model.forward({ pixelValues }); // [batch, 1000]
 */
export class ResNetForImageClassification extends PretrainedModule {
  static readonly family: PretrainedFamily<ResNetForImageClassification> = {
    build: (json, rng) =>
      new ResNetForImageClassification({
        ...readResNetConfig(json, 'ResNetForImageClassification.fromPretrained'),
        rng,
      }),
  };
  static override readonly checkpointKeys = { resnet: ['resnet', ''], classifier: ['classifier.1', 'fc'] };
  readonly resnet: ResNet;
  readonly classifier: Linear;
  /** Names of the classes, in order. */
  readonly labels: readonly string[];
  readonly config: ResNetConfig;

  constructor({ rng, ...config }: ResNetConfig & { rng: Rng }) {
    super();
    this.labels = labelsInOrder(config.id2label, 'ResNetForImageClassification');
    this.resnet = new ResNet({ ...config, rng });
    this.classifier = new Linear(this.resnet.hiddenSize, this.labels.length, { rng });
    this.config = config;
  }

  /** @param input.pixelValues float32 [batch, height, width, numChannels], of any size. */
  forward(
    { pixelValues }: { pixelValues: tf.Tensor4D },
    context?: ForwardContext,
  ): ResNetForImageClassificationOutput {
    return tf.tidy(() => {
      const features = this.resnet.forward({ pixelValues }, context);
      return { ...features, logits: this.classifier.forward(features.pooledOutput) as tf.Tensor2D };
    });
  }

  protected override configJson(): Record<string, unknown> {
    return {
      architectures: ['ResNetForImageClassification'],
      model_type: 'resnet',
      ...writeConfig(this.config),
    };
  }
}
