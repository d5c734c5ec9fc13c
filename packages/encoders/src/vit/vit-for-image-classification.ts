import { type ForwardContext, Linear, type Rng } from '@crossmodal/core';
import { type PretrainedFamily, PretrainedModule, writeConfig } from '@crossmodal/hub';
import * as tf from '@tensorflow/tfjs-core';
import { initializeNormal } from '../shared/initialize-linears';
import { labelsInOrder } from '../shared/labels';
import type { VisionTransformerInput } from '../shared/vision-input';
import { ViT, type ViTOutput } from './vit';
import { readViTForImageClassificationConfig, type ViTForImageClassificationConfig } from './vit-config';

export interface ViTForImageClassificationOutput extends ViTOutput {
  /** [batch, classes] */
  logits: tf.Tensor2D;
}

/**
 * A {@link ViT} that classifies images: a linear layer on its pooled output. Dosovitskiy et al. 2020, section 3.1.
 *
 * Checkpoint keys are those of transformers' `ViTForImageClassification`: `vit.…`, `classifier.…`.
 *
 * @example
 * const config = readViTForImageClassificationConfig(JSON.parse(text));
 * const classifier = new ViTForImageClassification({ ...config, rng: new Rng(0) });
 * const { logits } = classifier.forward({ pixelValues });
 * const best = classifier.labels[tf.argMax(logits, 1).dataSync()[0]];
 */
export class ViTForImageClassification extends PretrainedModule {
  static readonly family: PretrainedFamily<ViTForImageClassification> = {
    prefix: 'vit',
    build: (json, rng) =>
      new ViTForImageClassification({
        ...readViTForImageClassificationConfig(json, 'ViTForImageClassification.fromPretrained'),
        rng,
      }),
  };
  readonly vit: ViT;
  readonly classifier: Linear;
  /** Names of the classes, in order. */
  readonly labels: readonly string[];
  readonly config: ViTForImageClassificationConfig;

  /** @throws ConfigError when there are no labels. */
  constructor({ rng, ...config }: ViTForImageClassificationConfig & { rng: Rng }) {
    super();
    this.labels = labelsInOrder(config.id2label, 'ViTForImageClassification');
    this.vit = new ViT({ ...config, rng });
    this.classifier = new Linear(config.hiddenSize, this.labels.length, { rng });
    initializeNormal(this.classifier, config.initializerRange, rng);
    this.config = config;
  }

  /** The caller disposes every output. */
  forward(input: VisionTransformerInput, context?: ForwardContext): ViTForImageClassificationOutput {
    return tf.tidy(() => {
      const features = this.vit.forward(input, context);
      return { ...features, logits: this.classifier.forward(features.pooledOutput, context) as tf.Tensor2D };
    });
  }

  protected override configJson(): Record<string, unknown> {
    return { architectures: ['ViTForImageClassification'], model_type: 'vit', ...writeConfig(this.config) };
  }
}
