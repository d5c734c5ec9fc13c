import {
  assertShape,
  BatchNorm2d,
  ConfigError,
  Conv2d,
  convNorm,
  Dropout,
  type ForwardContext,
  LayerNorm,
  Linear,
  Module,
  ModuleList,
  type Rng,
  TransformerBlock,
} from '@crossmodal/core';
import { poolSequence } from '@crossmodal/fusion';
import * as tf from '@tensorflow/tfjs-core';
import type { AudioEncoder, AudioEncoderOutput, AudioInput } from '../analyzer/audio-encoder';

export interface SpeechEncoderConfig {
  /** Bands of the spectrogram. */
  numMels: number;
  hiddenSize: number;
  /** Channels of the convolutions, each of which halves frames and bands. Default [32, 64]. */
  convChannels?: readonly number[] | undefined;
  /** Transformer blocks; 0 for convolutions only. Default 2. */
  numLayers?: number | undefined;
  /** Default 4. */
  numHeads?: number | undefined;
  /** Of the blocks. Default `4 * hiddenSize`. */
  intermediateSize?: number | undefined;
  /** Rate of dropout before the blocks and in them. Default 0. */
  dropout?: number | undefined;
  /** Gives every weight its first value. */
  rng: Rng;
}

export interface SpeechEncoderOutput extends AudioEncoderOutput {
  /** [batch, frames', hiddenSize]; frames are halved, rounded up, by each convolution. */
  lastHiddenState: tf.Tensor3D;
  /** [batch, hiddenSize]: the mean of `lastHiddenState` over the sound; zeros for a sample without any. */
  pooledOutput: tf.Tensor2D;
  /** [batch, frames']: 1 for sound, 0 for padding. */
  mask: tf.Tensor2D;
}

/**
 * A small encoder of log-mel spectrograms, quick to train from nothing: 3 x 3 convolutions of stride 2 over time and
 * frequency with batch normalisation, a linear map of each frame, sinusoidal positions, transformer blocks. Padding
 * changes nothing: the frames of a sound come out the same whatever it is batched with. (In training, the statistics of
 * batch normalisation are of the whole batch.)
 *
 * Dong et al. 2018, "Speech-Transformer", figure 2 (without its 2D attention).
 *
 * @example
 * const encoder = new SpeechEncoder({ numMels: 40, hiddenSize: 128, rng: new Rng(0) });
 * const { data, mask, shape } = processor.process(waveforms); // an AudioProcessor with 40 bands
 * const { pooledOutput } = encoder.forward({
 *   audioValues: tf.tensor3d(data, shape),
 *   audioMask: tf.tensor2d(mask, [shape[0], shape[1]], 'int32'),
 * }); // [batch, 128]
 */
export class SpeechEncoder extends Module implements AudioEncoder {
  readonly convs: ModuleList<Conv2d>;
  readonly norms: ModuleList<BatchNorm2d>;
  readonly projection: Linear;
  readonly layers: ModuleList<TransformerBlock>;
  readonly layerNorm: LayerNorm;
  readonly numMels: number;
  readonly hiddenSize: number;
  private readonly dropout: Dropout;

  /** @throws ConfigError when a size is no positive integer, or `numHeads` does not divide `hiddenSize`. */
  constructor({
    numMels,
    hiddenSize,
    convChannels = [32, 64],
    numLayers = 2,
    numHeads = 4,
    intermediateSize,
    dropout = 0,
    rng,
  }: SpeechEncoderConfig) {
    super();
    for (const [name, size] of [
      ['numMels', numMels],
      ['hiddenSize', hiddenSize],
      ...convChannels.map((size, i) => [`convChannels[${i}]`, size] as const),
    ] as const)
      if (!(Number.isInteger(size) && size > 0))
        throw new ConfigError(`SpeechEncoder: ${name}: expected a positive integer, received ${size}.`);
    if (convChannels.length === 0)
      throw new ConfigError('SpeechEncoder: convChannels: expected one or more, received none.');
    this.convs = new ModuleList(
      convChannels.map(
        (size, i) =>
          new Conv2d(convChannels[i - 1] ?? 1, size, {
            kernelSize: 3,
            stride: 2,
            padding: 1,
            bias: false,
            rng,
          }),
      ),
    );
    this.norms = new ModuleList(convChannels.map((size) => new BatchNorm2d(size)));
    const bands = Math.ceil(numMels / 2 ** convChannels.length);
    this.projection = new Linear(bands * convChannels.at(-1)!, hiddenSize, { rng });
    this.dropout = new Dropout(dropout);
    const block = () => new TransformerBlock({ hiddenSize, numHeads, intermediateSize, dropout, rng });
    this.layers = new ModuleList(Array.from({ length: numLayers }, block));
    this.layerNorm = new LayerNorm(hiddenSize);
    this.numMels = numMels;
    this.hiddenSize = hiddenSize;
  }

  /**
   * @param input.audioValues float32 [batch, frames, numMels]
   * @param input.audioMask [batch, frames]
   * @returns The caller disposes each of them.
   * @throws ShapeError
   */
  forward({ audioValues, audioMask }: AudioInput, context?: ForwardContext): SpeechEncoderOutput {
    assertShape(audioValues.shape, [null, null, this.numMels], 'SpeechEncoder: audioValues');
    const [batch, frames] = audioValues.shape;
    if (audioMask) assertShape(audioMask.shape, [batch, frames], 'SpeechEncoder: audioMask');
    return tf.tidy(() => {
      let mask = (audioMask ? tf.cast(audioMask, 'float32') : tf.ones([batch, frames])) as tf.Tensor2D;
      let x = tf.expandDims(audioMask ? onlyWhere(mask, audioValues) : audioValues, 3) as tf.Tensor4D;
      for (const [i, conv] of [...this.convs].entries()) {
        const y = convNorm(x, conv, this.norms.at(i)!, context, { activation: 'relu' });
        mask = tf.stridedSlice(mask, [0, 0], mask.shape, [1, 2]) as tf.Tensor2D; // where the kernels' middles were
        // Padding has to stay zeros, as what is beyond the end of a sound alone.
        x = audioMask ? tf.mul(y, tf.reshape(mask, [batch, -1, 1, 1])) : y; // [batch, frames / 2, bands / 2, channels]
      }
      const [, length, bands, channels] = x.shape;
      const rows = this.projection.forward(tf.reshape(x, [batch, length, bands * channels]), context);
      let hidden = tf.add(rows, sinusoids(length, this.hiddenSize)); // [batch, frames', hiddenSize]
      hidden = this.dropout.forward(hidden, context);
      const attentionMask = audioMask && mask;
      for (const layer of this.layers) hidden = layer.forward(hidden, { attentionMask }, context);
      const lastHiddenState = this.layerNorm.forward(hidden) as tf.Tensor3D;
      return { lastHiddenState, pooledOutput: poolSequence({ features: lastHiddenState, mask }), mask };
    });
  }
}

/** Zeros elsewhere; what is not a number must not pass, so it is replaced, not multiplied by 0. */
function onlyWhere(mask: tf.Tensor2D, x: tf.Tensor3D): tf.Tensor {
  return tf.where(tf.cast(tf.expandDims(mask, 2), 'bool'), x, 0);
}

/** Sines, then cosines, of wave lengths from 2 pi to 10,000 x 2 pi, [length, size]. Vaswani et al. 2017, section 3.5. */
function sinusoids(length: number, size: number): tf.Tensor2D {
  const half = Math.ceil(size / 2);
  const values = new Float32Array(length * size);
  for (let t = 0; t < length; t++)
    for (let i = 0; i < size; i++) {
      const angle = t / 10_000 ** ((i % half) / half);
      values[t * size + i] = i < half ? Math.sin(angle) : Math.cos(angle);
    }
  return tf.tensor2d(values, [length, size]);
}
