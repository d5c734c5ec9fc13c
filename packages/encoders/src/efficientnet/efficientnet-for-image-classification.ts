import { Dropout, type ForwardContext, Linear, type Rng } from '@crossmodal/core';
import { type PretrainedFamily, PretrainedModule, writeConfig } from '@crossmodal/hub';
import * as tf from '@tensorflow/tfjs-core';
import { labelsInOrder } from '../shared/labels';
import { EfficientNet, type EfficientNetOutput } from './efficientnet';
import { type EfficientNetConfig, readEfficientNetConfig } from './efficientnet-config';

export interface EfficientNetForImageClassificationOutput extends EfficientNetOutput {
  /** [batch, classes] */
  logits: tf.Tensor2D;
}

/**
 * An {@link EfficientNet} with dropout and a linear classifier on its pooled output, named as transformers has it.
 *
 * @throws ConfigError when there are no labels.
 * @example
 * const model = new EfficientNetForImageClassification({ ...efficientNetB0.config, rng: new Rng(0) });
 * const { logits } = model.forward({ pixelValues }); // [batch, 1000]
 */
export class EfficientNetForImageClassification extends PretrainedModule {
  static readonly family: PretrainedFamily<EfficientNetForImageClassification> = {
    build: (json, rng) =>
      new EfficientNetForImageClassification({
        ...readEfficientNetConfig(json, 'EfficientNetForImageClassification.fromPretrained'),
        rng,
      }),
  };
  readonly efficientnet: EfficientNet;
  readonly classifier: Linear;
  /** Names of the classes, in order. */
  readonly labels: readonly string[];
  readonly config: EfficientNetConfig;
  private readonly dropout: Dropout;

  constructor({ rng, ...config }: EfficientNetConfig & { rng: Rng }) {
    super();
    const { dropoutRate } = config;
    this.labels = labelsInOrder(config.id2label, 'EfficientNetForImageClassification');
    this.efficientnet = new EfficientNet({ ...config, rng });
    this.classifier = new Linear(this.efficientnet.hiddenSize, this.labels.length, { rng });
    this.dropout = new Dropout(dropoutRate);
    this.config = config;
  }

  /** @param input.pixelValues float32 [batch, height, width, numChannels], of any size. */
  forward(
    { pixelValues }: { pixelValues: tf.Tensor4D },
    context?: ForwardContext,
  ): EfficientNetForImageClassificationOutput {
    return tf.tidy(() => {
      const features = this.efficientnet.forward({ pixelValues }, context);
      const dropped = this.dropout.forward(features.pooledOutput, context);
      return { ...features, logits: this.classifier.forward(dropped) as tf.Tensor2D };
    });
  }

  protected override configJson(): Record<string, unknown> {
    return {
      architectures: ['EfficientNetForImageClassification'],
      model_type: 'efficientnet',
      ...writeConfig(this.config),
    };
  }
}
