import {
  type Activation,
  activate,
  type ForwardContext,
  LayerNorm,
  Linear,
  Module,
  Parameter,
  type Rng,
} from '@crossmodal/core';
import { type PretrainedFamily, PretrainedModule, writeConfig } from '@crossmodal/hub';
import * as tf from '@tensorflow/tfjs-core';
import { ACTIVATIONS } from '../shared/activation-names';
import { initializeNormal } from '../shared/initialize-linears';
import { type BertConfig, readBertConfig } from './bert-config';
import { type BertInput, BertModel, type BertOutput } from './bert-model';

export interface BertForMaskedLMOutput extends BertOutput {
  /** [batch, length, vocabSize] */
  logits: tf.Tensor3D;
}

/**
 * A {@link BertModel} without pooler that says which token belongs at each position, by comparison with the words'
 * embeddings. Devlin et al. 2018, section 3.1, task 1.
 *
 * Checkpoint keys are those of transformers' `BertForMaskedLM`. Files may have `cls.predictions.decoder.weight` and
 * `cls.predictions.decoder.bias` too, which are the words' embeddings and `cls.predictions.bias`.
 *
 * @example
 * const bert = new BertForMaskedLM({ ...readBertConfig(JSON.parse(text)), rng: new Rng(0) });
 * const { logits } = bert.forward({ inputIds, attentionMask });
 */
export class BertForMaskedLM extends PretrainedModule {
  static readonly family: PretrainedFamily<BertForMaskedLM> = {
    prefix: 'bert',
    ignore: [/^cls\.seq_relationship\./, /(^|\.)pooler\.dense\./],
    build: (json, rng) =>
      new BertForMaskedLM({ ...readBertConfig(json, 'BertForMaskedLM.fromPretrained'), rng }),
  };
  static override readonly checkpointKeys = { predictions: 'cls.predictions' };
  readonly bert: BertModel;
  readonly predictions: PredictionHead;
  readonly config: BertConfig;

  constructor({ rng, ...config }: BertConfig & { rng: Rng }) {
    super();
    this.bert = new BertModel({ ...config, pooler: false, rng });
    this.predictions = new PredictionHead(config, this.bert.embeddings.wordEmbeddings.weight, rng);
    this.config = this.bert.config;
  }

  /** The caller disposes every output. */
  forward(input: BertInput, context?: ForwardContext): BertForMaskedLMOutput {
    return tf.tidy(() => {
      const features = this.bert.forward(input, context);
      return { ...features, logits: this.predictions.forward(features.lastHiddenState, context) };
    });
  }

  protected override configJson(): Record<string, unknown> {
    return { architectures: ['BertForMaskedLM'], model_type: 'bert', ...writeConfig(this.config) };
  }
}

class PredictionHead extends Module {
  static override readonly checkpointKeys = { dense: 'transform.dense', layer_norm: 'transform.LayerNorm' };
  readonly dense: Linear;
  readonly layerNorm: LayerNorm;
  /** [vocabSize] */
  readonly bias: Parameter;
  readonly decoder: TiedDecoder;
  private readonly activation: Activation;

  constructor(config: BertConfig, words: Parameter, rng: Rng) {
    super();
    const { hiddenSize, vocabSize } = config;
    this.dense = new Linear(hiddenSize, hiddenSize, { rng });
    initializeNormal(this.dense, config.initializerRange, rng);
    this.layerNorm = new LayerNorm(hiddenSize, { epsilon: config.layerNormEps });
    this.bias = new Parameter(tf.zeros([vocabSize]));
    this.decoder = new TiedDecoder(words, this.bias);
    this.activation = ACTIVATIONS[config.hiddenAct];
  }

  /** [batch, length, hiddenSize] to [batch, length, vocabSize]. */
  forward(x: tf.Tensor3D, context: ForwardContext | undefined): tf.Tensor3D {
    return tf.tidy(() => {
      const transformed = activate(this.dense.forward(x, context), this.activation);
      return this.decoder.forward(this.layerNorm.forward(transformed) as tf.Tensor3D);
    });
  }
}

/** Products with a table of embeddings that is another module's: its keys are read, and not written. */
class TiedDecoder extends Module {
  constructor(
    /** [vocabSize, hiddenSize] */
    readonly weight: Parameter,
    /** [vocabSize] */
    readonly bias: Parameter,
  ) {
    super();
  }

  forward(x: tf.Tensor3D): tf.Tensor3D {
    const [batch, length, hiddenSize] = x.shape;
    return tf.tidy(() => {
      const rows = tf.reshape(x, [batch * length, hiddenSize]);
      const logits = tf.add(tf.matMul(rows, this.weight.value as tf.Tensor2D, false, true), this.bias.value);
      return tf.reshape(logits, [batch, length, this.weight.shape[0]!]);
    });
  }
}
