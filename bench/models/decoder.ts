import {
  Embedding,
  KeyValueCache,
  LayerNorm,
  Linear,
  Module,
  ModuleList,
  Rng,
  TransformerBlock,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

export const decoderConfig = {
  vocabSize: 8192,
  hiddenSize: 512,
  numHeads: 8,
  numLayers: 12,
  contextLength: 320,
};

type Step = (ids: tf.Tensor2D, caches: readonly KeyValueCache[]) => tf.Tensor;

/** A causal decoder with learned positions and pre-norm blocks, as GPT-2. Radford et al. 2019, section 2.3. */
export class Decoder extends Module {
  readonly tokenEmbedding: Embedding;
  readonly positionEmbedding: Embedding;
  readonly layers: ModuleList<TransformerBlock>;
  readonly finalLayerNorm: LayerNorm;
  readonly lmHead: Linear;

  constructor({ vocabSize, hiddenSize, numHeads, numLayers, contextLength } = decoderConfig) {
    super();
    const rng = new Rng(0);
    this.tokenEmbedding = new Embedding(vocabSize, hiddenSize, { rng });
    this.positionEmbedding = new Embedding(contextLength, hiddenSize, { rng });
    const block = () => new TransformerBlock({ hiddenSize, numHeads, rng });
    this.layers = new ModuleList(Array.from({ length: numLayers }, block));
    this.finalLayerNorm = new LayerNorm(hiddenSize);
    this.lmHead = new Linear(hiddenSize, vocabSize, { bias: false, rng });
  }

  /** The most likely next token after `ids` [1, length] and what the caches hold, [1, 1]. */
  step(ids: tf.Tensor2D, caches: readonly KeyValueCache[]): tf.Tensor {
    const first = caches[0]!.length;
    const length = ids.shape[1];
    return tf.tidy(() => {
      const positions = Array.from({ length }, (_, i) => first + i);
      let x: tf.Tensor = tf.add(
        this.tokenEmbedding.forward(ids),
        this.positionEmbedding.forward(tf.tensor2d(positions, [1, length], 'int32')),
      ); // [1, length, hiddenSize]
      for (const [i, layer] of [...this.layers].entries())
        x = layer.forward(x, { causal: true, cache: caches[i] });
      const last = tf.slice(x, [0, length - 1, 0], [1, 1, -1]);
      return tf.argMax(this.lmHead.forward(this.finalLayerNorm.forward(last)), -1); // [1, 1]
    });
  }

  /** `count` tokens after `prompt`, greedily; `step` may be a compiled one. */
  generate(
    prompt: readonly number[],
    count: number,
    step: Step = (ids, caches) => this.step(ids, caches),
  ): number[] {
    const next = (tokens: readonly number[]) => {
      const ids = tf.tensor2d([...tokens], [1, tokens.length], 'int32');
      const token = step(ids, caches);
      const [id] = token.dataSync();
      tf.dispose([ids, token]);
      return id!;
    };
    const caches = Array.from({ length: this.layers.length }, () => new KeyValueCache());
    const tokens = [next(prompt)];
    while (tokens.length < count) tokens.push(next(tokens.slice(-1)));
    for (const cache of caches) cache.dispose();
    return tokens;
  }
}
