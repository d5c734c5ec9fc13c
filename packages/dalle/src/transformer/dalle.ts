import {
  assertShape,
  checkpointedBlock,
  Dropout,
  Embedding,
  type ForwardContext,
  LayerNorm,
  Linear,
  ModuleList,
  normal,
  type Rng,
  requireRng,
  ShapeError,
} from '@crossmodal/core';
import { type PretrainedFamily, PretrainedModule, writeConfig } from '@crossmodal/hub';
import * as tf from '@tensorflow/tfjs-core';
import type { DecodingStart, ImageTokenDecoder, ImageTokenModel } from '../sampling/image-token-model';
import { attentionBias } from './attention-bias';
import { BlockCache, DALLEBlock, type DALLEBlockInputs } from './dalle-block';
import { type AttentionKind, type DALLEConfig, type DALLEOptions, readDALLEConfig } from './dalle-config';
import { GridPositions } from './grid-positions';
import { gridRotaryTables } from './grid-rotary-tables';
import { padText } from './pad-text';
import type { SequenceLayout } from './sequence-layout';
import { shiftMasks } from './token-shift';

/** What a {@link DALLE} reads. */
export interface DALLEInput {
  /** int32 [batch, length], each in [0, textVocabSize), length at most `textLength`. */
  textIds: tf.Tensor2D;
  /** int32 [batch, length]; 1 for a token, 0 for padding. Default: all 1. */
  attentionMask?: tf.Tensor2D | undefined;
  /** int32 [batch, count], each in [0, codebookSize): the first tokens of the images, or all of them. Default: none. */
  imageIds?: tf.Tensor2D | undefined;
}

export interface DALLEOutput {
  /** [batch, textLength, textVocabSize + textLength]: of each text token, of those ids that text can have. */
  textLogits: tf.Tensor3D;
  /** [batch, min(count + 1, grid), codebookSize]: of each image token, of those ids that images can have. */
  imageLogits: tf.Tensor3D;
  /** int32 [batch, textLength]: the text with the ids of padding; -100 where training left the text out. */
  textLabels: tf.Tensor2D;
}

/**
 * The transformer of DALL-E: causal blocks over a start token, a text of fixed length and the tokens of an image,
 * each of which tells the next. Padding has an id for each text position, `textVocabSize + position`, and a text that
 * is all padding is the null text. Two heads stand for one over all ids with a mask: at text positions no image id can
 * come, and the reverse. Ramesh et al. 2021, "Zero-shot text-to-image generation", section 2.2 and appendix B.
 *
 * @example
 * const model = new DALLE({
 *   textVocabSize: 100, textLength: 8, codebookSize: 32, gridHeight: 4, gridWidth: 4,
 *   hiddenSize: 32, numLayers: 2, numHeads: 4, attentionKinds: ['row', 'column'], rng: new Rng(0),
 * });
 * const { imageLogits } = model.forward({ textIds, imageIds }); // [batch, 16, 32]
 */
export class DALLE extends PretrainedModule implements ImageTokenModel {
  static readonly family: PretrainedFamily<DALLE> = {
    build: (json, rng) => new DALLE({ ...readDALLEConfig(json), rng }),
  };
  static override readonly checkpointKeys = { positions: '' };
  /** Ids of text, of its padding by position, and the start. */
  readonly textEmbedding: Embedding;
  readonly imageEmbedding: Embedding;
  readonly positions: GridPositions | undefined;
  readonly layers: ModuleList<DALLEBlock>;
  readonly norm: LayerNorm;
  readonly textHead: Linear;
  readonly imageHead: Linear;
  readonly config: DALLEConfig;
  private readonly layout: SequenceLayout;
  private readonly dropout: Dropout;

  /** @throws ConfigError when a size cannot be. */
  constructor({ rng, ...options }: DALLEOptions & { rng: Rng }) {
    super();
    const config = readDALLEConfig(writeConfig(options));
    const { hiddenSize, textLength, gridHeight, gridWidth, codebookSize } = config;
    const textIds = config.textVocabSize + textLength;
    const embedding = (count: number) => new Embedding(count, hiddenSize, { rng });
    this.textEmbedding = embedding(textIds + 1);
    this.imageEmbedding = embedding(codebookSize);
    this.layout = { textPositions: textLength + 1, gridHeight, gridWidth };
    if (config.positions === 'axial') this.positions = new GridPositions(this.layout, hiddenSize, rng);
    const block = () =>
      new DALLEBlock({ ...config, activationDropout: 0, epsilon: config.layerNormEpsilon, rng });
    this.layers = new ModuleList(Array.from({ length: config.numLayers }, block));
    this.norm = new LayerNorm(hiddenSize, { epsilon: config.layerNormEpsilon });
    this.textHead = new Linear(hiddenSize, textIds, { rng });
    this.imageHead = new Linear(hiddenSize, codebookSize, { rng });
    this.dropout = new Dropout(config.dropout);
    this.config = config;

    // As GPT-2 starts: those before a sum smaller by the number of sums.
    const residualStd = 0.02 * (2 * config.numLayers) ** -0.5;
    for (const [key, parameter] of this.namedParameters()) {
      const { shape } = parameter;
      if (/(out_proj|fc2|down_proj)\.weight$/.test(key)) parameter.assign(normal(shape, rng, 0, residualStd));
      else if (!key.includes('norm') && key.endsWith('weight')) parameter.assign(normal(shape, rng, 0, 0.02));
      else if (key.endsWith('bias')) parameter.assign(tf.zeros(shape));
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

  /**
   * @param context In training, `textDropRate` of the texts become the null text.
   * @returns Tensors that the caller disposes.
   * @throws ShapeError when shapes do not fit.
   */
  forward({ textIds, attentionMask, imageIds }: DALLEInput, context?: ForwardContext): DALLEOutput {
    return tf.tidy(() => {
      const { padded, embedded, kept } = this.read({ textIds, attentionMask, imageIds }, context);
      const { textLength } = this.config;
      const hidden = this.run(embedded, 0, undefined, context);
      const text = tf.slice(hidden, [0, 0, 0], [-1, textLength, -1]);
      const image = tf.slice(hidden, [0, textLength, 0], [-1, -1, -1]);
      return {
        textLogits: this.textHead.forward(text, context) as tf.Tensor3D,
        imageLogits: this.imageHead.forward(image, context) as tf.Tensor3D,
        textLabels: kept
          ? tf.where(tf.cast(kept, 'bool'), padded, tf.fill(padded.shape, -100, 'int32'))
          : padded,
      };
    });
  }

  /**
   * What each position looks at, in each block. Positions are the start, `textLength` of text and the image's tokens
   * but for the last; what is read at position `textLength + i` tells token i of the image.
   *
   * @returns Of each block float32 [batch, heads, positions, positions], rows adding up to 1, nothing after a position
   *   itself. The caller disposes them.
   * @throws ShapeError when shapes do not fit.
   * @example
   * const weights = model.attentionWeights({ textIds, imageIds });
   */
  attentionWeights(input: DALLEInput): tf.Tensor4D[] {
    return tf.tidy(() => {
      const weights: tf.Tensor4D[] = [];
      this.run(this.read(input).embedded, 0, undefined, undefined, (layer, x, inputs) =>
        weights.push(layer.attentionWeights(x, inputs)),
      );
      return weights;
    });
  }

  /** Tells the tokens of images with what it keeps of the past; see {@link ImageTokenModel}. */
  startDecoding({ texts, prime }: DecodingStart): ImageTokenDecoder {
    const { textLength, textVocabSize } = this.config;
    const caches = Array.from(this.layers, () => new BlockCache());
    let position = 0;
    const padded = texts.map((text) =>
      Array.from({ length: textLength }, (_, i) => text[i] ?? textVocabSize + i),
    );
    const next = (tokens?: readonly number[]) => {
      const rows = tokens?.map((token) => [token]) ?? prime;
      const logits = tf.tidy(() => {
        const count = rows[0]!.length;
        const read = count > 0 ? tf.tensor2d(rows as number[][], [rows.length, count], 'int32') : undefined;
        const text = tokens ? undefined : tf.tensor2d(padded, [padded.length, textLength], 'int32');
        const embedded = this.embed(text, read);
        const hidden = this.run(embedded, position, caches);
        const last = tf.slice(hidden, [0, hidden.shape[1] - 1, 0], [-1, 1, -1]);
        return tf.squeeze(this.imageHead.forward(last), [1]) as tf.Tensor2D;
      });
      position += tokens ? 1 : textLength + 1 + rows[0]!.length;
      return logits;
    };
    return {
      next,
      dispose() {
        for (const cache of caches) cache.dispose();
      },
    };
  }

  protected override configJson(): Record<string, unknown> {
    return { architectures: ['DALLE'], model_type: 'dalle', ...writeConfig(this.config) };
  }

  /** What goes in, without positions; `kept` as `keptTexts` has it. Within `tf.tidy`. */
  private read({ textIds, attentionMask, imageIds }: DALLEInput, context?: ForwardContext) {
    const { textLength, gridHeight, gridWidth } = this.config;
    const grid = gridHeight * gridWidth;
    assertShape(textIds.shape, [null, null], 'DALLE: textIds');
    const batch = textIds.shape[0];
    assertAtMost(textIds.shape[1], textLength, 'textIds');
    if (attentionMask) assertShape(attentionMask.shape, textIds.shape, 'DALLE: attentionMask');
    if (imageIds) assertShape(imageIds.shape, [batch, null], 'DALLE: imageIds');
    const count = imageIds?.shape[1] ?? 0;
    assertAtMost(count, grid, 'imageIds');
    const kept = this.keptTexts(batch, context);
    const mask = attentionMask ?? (tf.onesLike(textIds) as tf.Tensor2D);
    const padded = padText(textIds, kept ? tf.mul(mask, kept) : mask, this.config);
    const known = imageIds && tf.slice(imageIds, [0, 0], [-1, Math.min(count, grid - 1)]);
    return { padded, embedded: this.embed(padded, known), kept };
  }

  /** int32 [batch, 1], 0 for a text that training leaves out; undefined where it leaves out none. */
  private keptTexts(batch: number, context: ForwardContext | undefined): tf.Tensor2D | undefined {
    const { textDropRate } = this.config;
    if (!context?.training || textDropRate === 0) return undefined;
    const rng = requireRng(context, 'DALLE');
    return rng.tensor([batch, 1], (source) =>
      Int32Array.from({ length: batch }, () => Number(!source.bernoulli(textDropRate))),
    ) as tf.Tensor2D;
  }

  /** Vectors without positions of the start, a text and image tokens, or of image tokens alone. */
  private embed(text: tf.Tensor2D | undefined, imageIds: tf.Tensor2D | undefined): tf.Tensor3D {
    const { textVocabSize, textLength } = this.config;
    const parts: tf.Tensor[] = [];
    if (text) {
      const start = tf.fill([text.shape[0], 1], textVocabSize + textLength, 'int32');
      parts.push(this.textEmbedding.forward(tf.concat([start, text], 1)));
    }
    if (imageIds && imageIds.shape[1] > 0) parts.push(this.imageEmbedding.forward(imageIds));
    return (parts.length > 1 ? tf.concat(parts, 1) : parts[0]!) as tf.Tensor3D;
  }

  /** All blocks and the last norm, on positions from `start`: [batch, length, hiddenSize] to the same. */
  private run(
    embedded: tf.Tensor3D,
    start: number,
    caches: readonly BlockCache[] | undefined,
    context?: ForwardContext,
    /** Sees what each block is given. */
    onBlock?: (layer: DALLEBlock, x: tf.Tensor3D, inputs: DALLEBlockInputs) => void,
  ): tf.Tensor3D {
    const { config, layout } = this;
    const length = embedded.shape[1];
    const range = { layout, kernelSize: config.kernelSize, start, length };
    const isCausalOnly = (kind: AttentionKind) => kind === 'full' && !config.stableSoftmax;
    const biases = new Map(
      [...new Set(config.attentionKinds)].map((kind) => [
        kind,
        isCausalOnly(kind) ? undefined : attentionBias(kind, range),
      ]),
    );
    const headDim = config.hiddenSize / config.numHeads;
    const rotary =
      config.positions === 'rotary' ? gridRotaryTables(layout, headDim, { start, length }) : undefined;
    const shift = config.tokenShift ? shiftMasks(layout, start, length) : undefined;
    const positions = this.positions?.forward(start, length);
    let x = this.dropout.forward(positions ? tf.add(embedded, positions) : embedded, context) as tf.Tensor3D;
    for (const [i, layer] of [...this.layers].entries()) {
      const bias = biases.get(config.attentionKinds[i % config.attentionKinds.length]!);
      const inputs = { bias, rotary, shift, cache: caches?.[i] };
      onBlock?.(layer, x, inputs);
      x = checkpointedBlock(layer, x, inputs, context);
    }
    return this.norm.forward(x) as tf.Tensor3D;
  }
}

function assertAtMost(count: number, most: number, what: string): void {
  if (count > most)
    throw new ShapeError(`DALLE: ${what}: expected at most ${most} tokens, received ${count}.`);
}
