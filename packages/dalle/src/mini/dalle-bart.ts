import {
  assertShape,
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
} from '@crossmodal/core';
import { type PretrainedFamily, PretrainedModule, writeConfig } from '@crossmodal/hub';
import * as tf from '@tensorflow/tfjs-core';
import type { DecodingStart, ImageTokenDecoder, ImageTokenModel } from '../sampling/image-token-model';
import { type DALLEBartConfig, ONLY, readDALLEBartConfig } from './dalle-bart-config';
import {
  DALLEBartDecoderLayer,
  DALLEBartEncoderLayer,
  type DALLEBartLayerConfig,
  ShiftNorm,
  type TextKeysAndValues,
} from './dalle-bart-layers';
import { dalleBartTensors } from './dalle-bart-tensors';

/** Ids of the published tokenizer: what begins a text, fills it up and ends it. */
const [FIRST, PAD, LAST] = [0, 1, 2];

export interface DALLEBartInput {
  /** int32 [batch, length], length at most `maxTextLength`: with the tokens that begin and end it. */
  textIds: tf.Tensor2D;
  /** int32 [batch, length]; 1 for a token, 0 for padding. Default: 0 where the id is 1, which is padding. */
  attentionMask?: tf.Tensor2D | undefined;
  /** int32 [batch, count], each in [0, codebookSize): the first tokens of the images, or all of them. Default: none. */
  imageIds?: tf.Tensor2D | undefined;
}

export interface DALLEBartOutput {
  /** [batch, length, dModel]: of the text. */
  encoderLastHiddenState: tf.Tensor3D;
  /** [batch, min(count + 1, imageLength), codebookSize]: of each image token. */
  imageLogits: tf.Tensor3D;
}

/**
 * DALL-E mini and DALL-E mega (Dayma et al. 2021): a BART of two vocabularies that reads a text and tells the codes of
 * an image, with NormFormer's norms and gated MLPs, in the configuration of mini-1 and mega-1. Guidance by the
 * empty text is what its authors call super conditioning.
 *
 * @example
 * const model = await DALLEBart.fromPretrained('dalle-mini/dalle-mini');
 * const [tokens] = await generateImageTokens(model, [textIds], { guidanceScale: 10, topK: 50, seed: 1 });
 */
export class DALLEBart extends PretrainedModule implements ImageTokenModel {
  static readonly family: PretrainedFamily<DALLEBart> = {
    build: (json, rng) => new DALLEBart({ ...readDALLEBartConfig(json), rng }),
    convert: dalleBartTensors,
  };
  readonly encoder: Stack<DALLEBartEncoderLayer>;
  readonly decoder: Stack<DALLEBartDecoderLayer>;
  readonly lmHead: Linear;
  readonly config: DALLEBartConfig;

  constructor({ rng, ...config }: DALLEBartConfig & { rng: Rng }) {
    super();
    const { dModel: hiddenSize, imageVocabSize } = config;
    this.encoder = new Stack(DALLEBartEncoderLayer, {
      vocabSize: config.encoderVocabSize,
      length: config.maxTextLength,
      numLayers: config.encoderLayers,
      layer: {
        hiddenSize,
        numHeads: config.encoderAttentionHeads,
        intermediateSize: config.encoderFfnDim,
        rng,
      },
    });
    this.decoder = new Stack(DALLEBartDecoderLayer, {
      vocabSize: imageVocabSize + 1,
      length: config.imageLength,
      numLayers: config.decoderLayers,
      layer: {
        hiddenSize,
        numHeads: config.decoderAttentionHeads,
        intermediateSize: config.decoderFfnDim,
        rng,
      },
    });
    this.lmHead = new Linear(hiddenSize, imageVocabSize + 1, { bias: false, rng });
    this.config = config;
    for (const parameter of this.namedParameters().values())
      if (parameter.shape.length === 2) parameter.assign(normal(parameter.shape, rng, 0, 0.02));
  }

  get textLength(): number {
    return this.config.maxTextLength;
  }

  get textVocabSize(): number {
    return this.config.encoderVocabSize;
  }

  get codebookSize(): number {
    return this.config.codebookSize;
  }

  get gridHeight(): number {
    return Math.sqrt(this.config.imageLength);
  }

  get gridWidth(): number {
    return this.gridHeight;
  }

  /** @throws ShapeError when shapes do not fit, or a text or an image is too long. */
  forward({ textIds, attentionMask, imageIds }: DALLEBartInput, context?: ForwardContext): DALLEBartOutput {
    assertShape(textIds.shape, [null, null], 'DALLEBart: textIds');
    const [batch, length] = textIds.shape;
    if (attentionMask) assertShape(attentionMask.shape, [batch, length], 'DALLEBart: attentionMask');
    if (imageIds) assertShape(imageIds.shape, [batch, null], 'DALLEBart: imageIds');
    const count = imageIds?.shape[1] ?? 0;
    for (const [what, tokens, most] of [
      ['textIds', length, this.textLength],
      ['imageIds', count, this.config.imageLength],
    ] as const) {
      if (tokens > most)
        throw new ShapeError(`DALLEBart: ${what}: expected at most ${most} tokens, received ${tokens}.`);
    }
    return tf.tidy(() => {
      const mask = attentionMask ?? tf.cast(tf.notEqual(textIds, PAD), 'int32');
      const encoderLastHiddenState = this.encode(textIds, mask, context);
      const start = tf.fill([batch, 1], this.config.decoderStartTokenId, 'int32') as tf.Tensor2D;
      // The last token of a whole image has none to tell.
      const seen = imageIds && tf.slice(imageIds, [0, 0], [-1, Math.min(count, this.config.imageLength - 1)]);
      const texts = this.readText(encoderLastHiddenState, context);
      const decoderIds = seen ? tf.concat([start, seen], 1) : start;
      const x = this.decode(decoderIds, 0, { texts, textMask: spread(mask) }, context);
      return { encoderLastHiddenState, imageLogits: this.logits(x, context) };
    });
  }

  /** Reads the texts, which bring the tokens that begin and end them; the null text is these two. */
  startDecoding({ texts, prime }: DecodingStart): ImageTokenDecoder {
    const { textMask, read } = tf.tidy(() => {
      const given = texts.map((text) => (text.length > 0 ? text : [FIRST, LAST]));
      const length = Math.max(...given.map((text) => text.length));
      const rows = given.map((text) => [...text, ...Array<number>(length - text.length).fill(PAD)]);
      const masks = given.map((text) => Array.from({ length }, (_, i) => (i < text.length ? 1 : 0)));
      const mask = tf.tensor2d(masks, undefined, 'int32');
      const encoded = this.encode(tf.tensor2d(rows, undefined, 'int32'), mask);
      return { textMask: spread(mask), read: this.readText(encoded) };
    });
    const caches = Array.from(this.decoder.layers, () => new KeyValueCache());
    let position = 0;
    return {
      next: (tokens) => {
        const rows =
          tokens?.map((token) => [token]) ?? prime.map((row) => [this.config.decoderStartTokenId, ...row]);
        const logits = tf.tidy(() => {
          const ids = tf.tensor2d(rows, undefined, 'int32');
          const x = this.decode(ids, position, { texts: read, textMask, caches });
          const last = tf.slice(x, [0, ids.shape[1] - 1, 0], [-1, 1, -1]) as tf.Tensor3D;
          return tf.squeeze(this.logits(last), [1]) as tf.Tensor2D;
        });
        position += rows[0]!.length;
        return logits;
      },
      dispose() {
        tf.dispose([textMask, ...read]);
        for (const cache of caches) cache.dispose();
      },
    };
  }

  protected override configJson(): Record<string, unknown> {
    return { architectures: ['DalleBart'], model_type: 'dallebart', ...ONLY, ...writeConfig(this.config) };
  }

  /** [batch, length, dModel] */
  private encode(textIds: tf.Tensor2D, attentionMask: tf.Tensor, context?: ForwardContext): tf.Tensor3D {
    let x = this.encoder.embed(textIds, 0);
    for (const layer of this.encoder.layers) x = checkpointedBlock(layer, x, { attentionMask }, context);
    return this.encoder.finalLn.forward(x) as tf.Tensor3D;
  }

  /** What each layer of the decoder makes of the text. */
  private readText(encoded: tf.Tensor3D, context?: ForwardContext): TextKeysAndValues[] {
    return Array.from(this.decoder.layers, (layer) => layer.readText(encoded, context));
  }

  /** Image ids that begin at a position: [batch, count] to [batch, count, dModel]. */
  private decode(
    ids: tf.Tensor2D,
    position: number,
    given: { texts: readonly TextKeysAndValues[]; textMask: tf.Tensor; caches?: readonly KeyValueCache[] },
    context?: ForwardContext,
  ): tf.Tensor3D {
    const { texts, textMask, caches } = given;
    let x = this.decoder.embed(ids, position);
    for (const [i, layer] of [...this.decoder.layers].entries())
      x = checkpointedBlock(layer, x, { text: texts[i]!, textMask, cache: caches?.[i] }, context);
    return this.decoder.finalLn.forward(x) as tf.Tensor3D;
  }

  /** Of the codes alone, not of the ids after them: [batch, count, codebookSize]. */
  private logits(x: tf.Tensor3D, context?: ForwardContext): tf.Tensor3D {
    return tf.slice(this.lmHead.forward(x, context) as tf.Tensor3D, [0, 0, 0], [-1, -1, this.codebookSize]);
  }
}

/** Either half of the model. */
class Stack<Layer extends Module> extends Module {
  readonly embedTokens: Embedding;
  readonly embedPositions: Embedding;
  readonly layernormEmbedding: LayerNorm;
  readonly layers: ModuleList<Layer>;
  readonly finalLn: ShiftNorm;

  constructor(
    Layer: new (config: DALLEBartLayerConfig) => Layer,
    config: { vocabSize: number; length: number; numLayers: number; layer: DALLEBartLayerConfig },
  ) {
    super();
    const { vocabSize, length, numLayers, layer } = config;
    const { hiddenSize, rng } = layer;
    this.embedTokens = new Embedding(vocabSize, hiddenSize, { rng });
    this.embedPositions = new Embedding(length, hiddenSize, { rng });
    this.layernormEmbedding = new LayerNorm(hiddenSize);
    this.layers = new ModuleList(Array.from({ length: numLayers }, () => new Layer(layer)));
    this.finalLn = new ShiftNorm(hiddenSize);
  }

  /** Ids that begin at a position: [batch, count] to [batch, count, hiddenSize]. */
  embed(ids: tf.Tensor2D, position: number): tf.Tensor3D {
    return tf.tidy(() => {
      const positions = tf.slice(this.embedPositions.weight.value, [position, 0], [ids.shape[1], -1]);
      const embedded = tf.add(this.embedTokens.forward(ids), positions);
      return this.layernormEmbedding.forward(embedded) as tf.Tensor3D;
    });
  }
}

/** A mask of keys as attention takes it: [batch, length] to [batch, 1, 1, length]. */
function spread(mask: tf.Tensor): tf.Tensor {
  const [batch, length] = mask.shape as [number, number];
  return tf.reshape(mask, [batch, 1, 1, length]);
}
