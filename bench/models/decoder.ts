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

  /** The most likely next token after `ids` and what the caches hold. */
  nextToken(ids: readonly number[], caches: readonly KeyValueCache[]): number {
    const first = caches[0]!.length;
    const next = tf.tidy(() => {
      const positions = ids.map((_, i) => first + i);
      let x: tf.Tensor = tf.add(
        this.tokenEmbedding.forward(tf.tensor2d([...ids], [1, ids.length], 'int32')),
        this.positionEmbedding.forward(tf.tensor2d(positions, [1, ids.length], 'int32')),
      ); // [1, length, hiddenSize]
      for (const [i, layer] of [...this.layers].entries())
        x = layer.forward(x, { causal: true, cache: caches[i] });
      const last = tf.slice(x, [0, ids.length - 1, 0], [1, 1, -1]);
      return tf.argMax(this.lmHead.forward(this.finalLayerNorm.forward(last)), -1); // [1, 1]
    });
    const [token] = next.dataSync();
    next.dispose();
    return token!;
  }

  /** `count` tokens after `prompt`, greedily. */
  generate(prompt: readonly number[], count: number): number[] {
    const caches = Array.from({ length: this.layers.length }, () => new KeyValueCache());
    const tokens = [this.nextToken(prompt, caches)];
    while (tokens.length < count) tokens.push(this.nextToken(tokens.slice(-1), caches));
    for (const cache of caches) cache.dispose();
    return tokens;
  }
}
