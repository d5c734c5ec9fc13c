import {
  assertShape,
  ConfigError,
  checkpointedBlock,
  Embedding,
  type ForwardContext,
  KeyValueCache,
  LayerNorm,
  Linear,
  Module,
  ModuleList,
  normal,
  type Rng,
  ShapeError,
  TransformerBlock,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import type { DecodingStart, ImageTokenDecoder, ImageTokenModel } from '../sampling/image-token-model';

/** Sizes of a {@link MinDALLE}. */
export interface MinDALLEConfig {
  /** Number of text ids. */
  textVocabSize: number;
  /** Text tokens in every sequence, padding included. */
  textLength: number;
  /** Number of image ids. */
  codebookSize: number;
  /** Rows of image tokens. */
  gridHeight: number;
  /** Image tokens in a row. */
  gridWidth: number;
  hiddenSize: number;
  numLayers: number;
  numHeads: number;
  /** What texts are filled up with: the tokenizer's `[PAD]`. */
  padTokenId: number;
}

export interface MinDALLEInput {
  /** int32 [batch, textLength]; filled up with `padTokenId`, which is read as any other token. */
  textIds: tf.Tensor2D;
  /** int32 [batch, count], each in [0, codebookSize): the first tokens of the images, or all of them. Default: none. */
  imageIds?: tf.Tensor2D | undefined;
}

export interface MinDALLEOutput {
  /** [batch, textLength - 1, textVocabSize]: of each text token but the first. */
  textLogits: tf.Tensor3D;
  /** [batch, min(count + 1, grid), codebookSize]: of each image token. */
  imageLogits: tf.Tensor3D;
}

/**
 * The second stage of minDALL-E (Kakao Brain 2021): a GPT over a text and the codes of an image, with embeddings,
 * positions and a head for each of the two. Parameters are named as published, `stage2_last.ckpt`; the first stage is
 * a VQGAN of 16 x 16 codes. Ramesh et al. 2021 is what it follows, with full attention and learned positions.
 *
 * @throws ConfigError when a size cannot be.
 * @example
 * const model = new MinDALLE({ ...minDALLE13B.config, padTokenId, rng: new ZeroRng() });
 * await model.loadTensors(await openTorchCheckpoint(stage2));
 */
export class MinDALLE extends Module implements ImageTokenModel {
  static override readonly checkpointKeys = {
    'blocks.*.layer_norm1': 'blocks.*.ln1',
    'blocks.*.self_attn.q_proj': 'blocks.*.attn.query',
    'blocks.*.self_attn.k_proj': 'blocks.*.attn.key',
    'blocks.*.self_attn.v_proj': 'blocks.*.attn.value',
    'blocks.*.self_attn.out_proj': 'blocks.*.attn.proj',
    'blocks.*.layer_norm2': 'blocks.*.ln2',
    'blocks.*.mlp.fc1': 'blocks.*.mlp.0',
    'blocks.*.mlp.fc2': 'blocks.*.mlp.2',
  };
  readonly tokEmbTxt: Embedding;
  readonly posEmbTxt: Embedding;
  readonly tokEmbImg: Embedding;
  readonly posEmbImg: Embedding;
  readonly blocks: ModuleList<TransformerBlock>;
  readonly lnF: LayerNorm;
  readonly headTxt: Linear;
  readonly headImg: Linear;
  readonly config: MinDALLEConfig;

  constructor({ rng, ...config }: MinDALLEConfig & { rng: Rng }) {
    super();
    checkConfig(config);
    const { textVocabSize, codebookSize, hiddenSize, numHeads } = config;
    this.tokEmbTxt = new Embedding(textVocabSize, hiddenSize, { rng });
    this.posEmbTxt = new Embedding(config.textLength, hiddenSize, { rng });
    this.tokEmbImg = new Embedding(codebookSize, hiddenSize, { rng });
    this.posEmbImg = new Embedding(config.gridHeight * config.gridWidth, hiddenSize, { rng });
    const block = () => new TransformerBlock({ hiddenSize, numHeads, rng });
    this.blocks = new ModuleList(Array.from({ length: config.numLayers }, block));
    this.lnF = new LayerNorm(hiddenSize);
    this.headTxt = new Linear(hiddenSize, textVocabSize, { bias: false, rng });
    this.headImg = new Linear(hiddenSize, codebookSize, { bias: false, rng });
    this.config = config;
    for (const [key, parameter] of this.namedParameters()) {
      const { shape } = parameter;
      if (shape.length === 2) parameter.assign(normal(shape, rng, 0, 0.02));
      else if (/(attn|mlp)\..*bias$/.test(key)) parameter.assign(tf.zeros(shape));
    }
  }

  get textLength(): number {
    return this.config.textLength;
  }

  get textVocabSize(): number {
    return this.config.textVocabSize;
  }

  get codebookSize(): number {
    return this.config.codebookSize;
  }

  get gridHeight(): number {
    return this.config.gridHeight;
  }

  get gridWidth(): number {
    return this.config.gridWidth;
  }

  /** @throws ShapeError when shapes do not fit, or there are too many image tokens. */
  forward({ textIds, imageIds }: MinDALLEInput, context?: ForwardContext): MinDALLEOutput {
    const { textLength } = this;
    const imageLength = this.gridHeight * this.gridWidth;
    assertShape(textIds.shape, [null, textLength], 'MinDALLE: textIds');
    if (imageIds) assertShape(imageIds.shape, [textIds.shape[0], null], 'MinDALLE: imageIds');
    const count = imageIds?.shape[1] ?? 0;
    if (count > imageLength) {
      throw new ShapeError(`MinDALLE: imageIds: expected at most ${imageLength} tokens, received ${count}.`);
    }
    return tf.tidy(() => {
      // The last token of a whole image has none to tell.
      const seen = imageIds && tf.slice(imageIds, [0, 0], [-1, Math.min(count, imageLength - 1)]);
      const x = this.run(this.embed(textIds, seen), undefined, context); // [batch, textLength + seen, hiddenSize]
      const ofText = tf.slice(x, [0, 0, 0], [-1, textLength - 1, -1]);
      const ofImage = tf.slice(x, [0, textLength - 1, 0], [-1, -1, -1]);
      const textLogits = this.headTxt.forward(ofText, context) as tf.Tensor3D;
      return { textLogits, imageLogits: this.headImg.forward(ofImage, context) as tf.Tensor3D };
    });
  }

  /** Texts are filled up with padding; the null text, of which the published weights know nothing, is all padding. */
  startDecoding({ texts, prime }: DecodingStart): ImageTokenDecoder {
    const caches = Array.from(this.blocks, () => new KeyValueCache());
    let count = prime[0]?.length ?? 0;
    const start = () => {
      const { textLength, padTokenId } = this.config;
      const padded = texts.map((text) => [
        ...text,
        ...Array<number>(textLength - text.length).fill(padTokenId),
      ]);
      const imageIds = count > 0 ? tf.tensor2d(prime as number[][], undefined, 'int32') : undefined;
      return this.embed(tf.tensor2d(padded, undefined, 'int32'), imageIds);
    };
    const goOn = (tokens: readonly number[]) =>
      this.placeImage(tf.tensor2d(tokens as number[], [tokens.length, 1], 'int32'), count++);
    return {
      next: (tokens) =>
        tf.tidy(() => {
          const x = this.run(tokens ? goOn(tokens) : start(), caches);
          const last = tf.slice(x, [0, x.shape[1] - 1, 0], [-1, 1, -1]);
          return tf.squeeze(this.headImg.forward(last), [1]) as tf.Tensor2D;
        }),
      dispose() {
        for (const cache of caches) cache.dispose();
      },
    };
  }

  /** [batch, textLength + count, hiddenSize] */
  private embed(textIds: tf.Tensor2D, imageIds: tf.Tensor2D | undefined): tf.Tensor3D {
    const text = tf.add(this.tokEmbTxt.forward(textIds), this.posEmbTxt.weight.value) as tf.Tensor3D;
    return imageIds && imageIds.shape[1] > 0 ? tf.concat([text, this.placeImage(imageIds, 0)], 1) : text;
  }

  /** Image tokens that begin at a place: [batch, count] to [batch, count, hiddenSize]. */
  private placeImage(imageIds: tf.Tensor2D, start: number): tf.Tensor3D {
    const positions = tf.slice(this.posEmbImg.weight.value, [start, 0], [imageIds.shape[1], -1]);
    return tf.add(this.tokEmbImg.forward(imageIds), positions);
  }

  private run(x: tf.Tensor3D, caches?: readonly KeyValueCache[], context?: ForwardContext): tf.Tensor3D {
    let y = x;
    for (const [i, block] of [...this.blocks].entries())
      y = checkpointedBlock(block, y, { causal: true, cache: caches?.[i] }, context);
    return this.lnF.forward(y) as tf.Tensor3D;
  }
}

function checkConfig(config: MinDALLEConfig): void {
  const { hiddenSize, numHeads, padTokenId, textVocabSize, ...sizes } = config;
  for (const [key, value] of Object.entries({ ...sizes, hiddenSize, numHeads, textVocabSize })) {
    if (Number.isSafeInteger(value) && value >= 1) continue;
    throw new ConfigError(`MinDALLE: ${key}: expected an integer of at least 1, received ${value}.`);
  }
  if (!(Number.isSafeInteger(padTokenId) && padTokenId >= 0 && padTokenId < textVocabSize))
    throw new ConfigError(
      `MinDALLE: padTokenId: expected an id of the text vocabulary, [0, ${textVocabSize}), received ${padTokenId}.`,
    );
}
