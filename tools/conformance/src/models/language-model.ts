import {
  Embedding,
  LayerNorm,
  Linear,
  Module,
  ModuleList,
  Rng,
  softmaxCrossEntropy,
  TransformerBlock,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import type { ModelCase } from './model-case';

const VOCABULARY = 24;
const WIDTH = 16;

class LanguageModel extends Module {
  readonly tokens: Embedding;
  readonly positions: Embedding;
  readonly blocks: ModuleList<TransformerBlock>;
  readonly norm: LayerNorm;
  readonly head: Linear;

  constructor(rng: Rng) {
    super();
    this.tokens = new Embedding(VOCABULARY, WIDTH, { rng });
    this.positions = new Embedding(8, WIDTH, { rng });
    this.blocks = new ModuleList([
      new TransformerBlock({ hiddenSize: WIDTH, numHeads: 4, rng }),
      new TransformerBlock({ hiddenSize: WIDTH, numHeads: 2, activation: 'swiglu', norm: 'rmsNorm', rng }),
    ]);
    this.norm = new LayerNorm(WIDTH);
    this.head = new Linear(WIDTH, VOCABULARY, { bias: false, rng });
  }

  /** Cross-entropy of the next token, without the padding (id 0). */
  loss(inputIds: tf.Tensor2D, nextIds: tf.Tensor1D): tf.Scalar {
    let x = tf.add(
      this.tokens.forward(inputIds),
      this.positions.forward(tf.range(0, inputIds.shape[1], 1, 'int32')),
    );
    for (const block of this.blocks) x = block.forward(x, { causal: true });
    const logits = tf.reshape(this.head.forward(this.norm.forward(x)), [-1, VOCABULARY]);
    return softmaxCrossEntropy(logits, nextIds, { ignoreIndex: 0 }) as tf.Scalar;
  }
}

/** Embeddings, causal attention, both kinds of block, cross-entropy with ignored positions. */
export const languageModel: ModelCase = {
  name: 'causal transformer',
  create() {
    const rng = new Rng(3);
    const model = new LanguageModel(rng);
    const text = [
      [1, 5, 9, 5, 9, 2, 0],
      [1, 7, 3, 11, 23, 4, 2],
      [1, 6, 2, 0, 0, 0, 0],
    ];
    const inputIds = tf.tensor2d(
      text.map((ids) => ids.slice(0, -1)),
      [3, 6],
      'int32',
    );
    const nextIds = tf.tensor1d(
      text.flatMap((ids) => ids.slice(1)),
      'int32',
    );
    return { model, batch: [inputIds, nextIds], loss: () => model.loss(inputIds, nextIds) };
  },
};
