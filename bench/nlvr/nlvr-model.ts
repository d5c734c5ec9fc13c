import {
  activate,
  Dropout,
  Embedding,
  type ForwardContext,
  LayerNorm,
  Linear,
  Module,
  type Rng,
  TransformerBlock,
} from '@crossmodal/core';
import {
  type CreateFusionConfig,
  createFusion,
  type Fusion,
  FusionClassifier,
  type FusionStrategy,
  poolSequence,
} from '@crossmodal/fusion';
import * as tf from '@tensorflow/tfjs-core';
import type { Batch } from './batch';
import { BOX_DIM, OBJECT_DIM } from './describe-scene';
import { MAX_LENGTH } from './words';

const SIZE = 64;

export type Modality = 'text' | 'image';

export interface NlvrModelConfig {
  /** What it may look at. */
  modalities: readonly Modality[];
  /** How the sentence meets each object and each box. One modality alone takes `concat`. */
  strategy: FusionStrategy;
  numWords: number;
  dropout: number;
  rng: Rng;
}

/**
 * Tells whether a sentence holds of a drawing: the sentence is fused with each object, then with what that gives in
 * each box, then with what that gives in all.
 */
export class NlvrModel extends Module {
  readonly modalities: readonly Modality[];
  readonly wordEmbedding: Embedding;
  readonly positionEmbedding: Embedding;
  readonly textBlock: TransformerBlock;
  readonly textNorm: LayerNorm;
  readonly objectLayer: Linear;
  readonly objectNorm: LayerNorm;
  readonly objectFusion: Fusion;
  readonly objectFusedNorm: LayerNorm;
  readonly boxLayer: Linear;
  readonly boxNorm: LayerNorm;
  readonly boxFusion: Fusion;
  readonly boxFusedNorm: LayerNorm;
  readonly sceneNorm: LayerNorm;
  readonly dropout: Dropout;
  readonly classifier: FusionClassifier;

  constructor({ modalities, strategy, numWords, dropout, rng }: NlvrModelConfig) {
    super();
    this.modalities = modalities;
    this.wordEmbedding = new Embedding(numWords, SIZE, { rng });
    this.positionEmbedding = new Embedding(MAX_LENGTH, SIZE, { rng });
    this.textBlock = new TransformerBlock({
      hiddenSize: SIZE,
      numHeads: 4,
      intermediateSize: 2 * SIZE,
      dropout,
      rng,
    });
    this.textNorm = new LayerNorm(SIZE);
    const fusion = (name: FusionStrategy, imageSize: number): Fusion => {
      const sizes = { text: SIZE, image: imageSize };
      return createFusion({
        strategy: modalities.length === 1 ? 'concat' : name,
        modalities: Object.fromEntries(modalities.map((modality) => [modality, sizes[modality]])),
        outputDim: 2 * SIZE,
        conditioning: 'text', // of FiLM
        rng,
      } as CreateFusionConfig);
    };
    this.objectLayer = new Linear(OBJECT_DIM, SIZE, { rng });
    this.objectNorm = new LayerNorm(SIZE);
    this.objectFusion = fusion(strategy, SIZE);
    this.objectFusedNorm = new LayerNorm(2 * SIZE);
    this.boxLayer = new Linear(BOX_DIM + 2 * SIZE, SIZE, { rng });
    this.boxNorm = new LayerNorm(SIZE);
    this.boxFusion = fusion(strategy, SIZE);
    this.boxFusedNorm = new LayerNorm(2 * SIZE);
    this.sceneNorm = new LayerNorm(4 * SIZE);
    this.dropout = new Dropout(dropout);
    this.classifier = new FusionClassifier({
      fusion: fusion('concat', 4 * SIZE),
      numClasses: 2,
      dropout,
      rng,
    });
  }

  /** [batch, 2] */
  forward(batch: Batch, context?: ForwardContext): tf.Tensor2D {
    return tf.tidy(() => {
      const text = this.modalities.includes('text') ? this.text(batch, context) : undefined;
      const image = this.modalities.includes('image') ? this.image(batch, text, context) : undefined;
      return this.classifier.forward({ text, image }, context).logits;
    });
  }

  /** [batch, SIZE] */
  private text({ words, wordMask }: Batch, context?: ForwardContext): tf.Tensor2D {
    const places = tf.range(0, words.shape[1], 1, 'int32');
    const x = tf.add(this.wordEmbedding.forward(words), this.positionEmbedding.forward(places));
    const dropped = this.dropout.forward(x, context);
    const features = this.textBlock.forward(dropped, { attentionMask: wordMask }, context);
    return this.textNorm.forward(poolSequence({ features, mask: wordMask })) as tf.Tensor2D;
  }

  /** [batch, 4 SIZE] */
  private image(
    { boxes, objects, membership }: Batch,
    text?: tf.Tensor2D,
    context?: ForwardContext,
  ): tf.Tensor2D {
    const things = activate(this.objectNorm.forward(this.objectLayer.forward(objects)), 'gelu');
    const seen = fuseEach(this.objectFusion, this.objectFusedNorm, things, text, context);
    const inBoxes = tf.div(tf.matMul(membership, seen), 2); // [batch, boxes, 2 SIZE]: sums, so that numbers count
    const held = activate(
      this.boxNorm.forward(this.boxLayer.forward(tf.concat([boxes, inBoxes], 2))),
      'gelu',
    );
    const ofBoxes = fuseEach(this.boxFusion, this.boxFusedNorm, held, text, context); // [batch, boxes, 2 SIZE]
    const all = tf.concat([tf.sum(ofBoxes, 1), tf.sum(inBoxes, 1)], 1);
    return this.dropout.forward(this.sceneNorm.forward(all), context) as tf.Tensor2D;
  }
}

/** Fuses the sentence with each of some things [batch, things, size]: [batch, things, outputDim]. */
function fuseEach(
  fusion: Fusion,
  norm: LayerNorm,
  things: tf.Tensor,
  text?: tf.Tensor2D,
  context?: ForwardContext,
): tf.Tensor3D {
  const [batch, count, size] = things.shape as [number, number, number];
  const image = tf.reshape(things, [batch * count, size]) as tf.Tensor2D;
  const each = text && tf.reshape(tf.tile(tf.expandDims(text, 1), [1, count, 1]), [batch * count, -1]);
  const { fused } = fusion.forward({ image, text: each as tf.Tensor2D | undefined }, context);
  return tf.reshape(activate(norm.forward(fused), 'gelu'), [batch, count, fusion.outputDim]);
}
