// For tests: a CLIP whose features are known, of colours and words for them.
import { Module, Rng } from '@crossmodal/core';
import type { TextEncoder, TextInput, VisionEncoder } from '@crossmodal/encoders';
import { CLIPImageProcessor, type RawImage, type Tokenized } from '@crossmodal/processing';
import * as tf from '@tensorflow/tfjs-core';
import { CLIP } from '../src/clip';

const WORDS = ['red', 'green', 'blue'];

/** An image is its mean colour. */
class MeanColour extends Module implements VisionEncoder {
  readonly hiddenSize = 3;
  batches = 0;

  forward({ pixelValues }: { pixelValues: tf.Tensor4D }) {
    this.batches++;
    return { pooledOutput: tf.mean(pixelValues, [1, 2]) as tf.Tensor2D };
  }
}

/** A text is the sum of the colours that it names. */
class ColourWords extends Module implements TextEncoder {
  readonly hiddenSize = 3;
  readonly contextLength = 4;
  batches = 0;

  forward({ inputIds, attentionMask }: TextInput) {
    this.batches++;
    const colours = tf.mul(tf.oneHot(inputIds, 4), tf.expandDims(attentionMask!, 2)); // [batch, length, 4]
    return { pooledOutput: tf.cast(tf.slice(tf.sum(colours, 1), [0, 0], [-1, 3]), 'float32') as tf.Tensor2D };
  }
}

/** @param logitScale The factor on the cosines; `logitBias`, what is added. */
export function colourCLIP(logitScale: number, logitBias?: number): CLIP<MeanColour, ColourWords> {
  const clip = new CLIP({
    visionEncoder: new MeanColour(),
    textEncoder: new ColourWords(),
    projectionDim: 3,
    logitScale,
    logitBias,
    rng: new Rng(0),
  });
  for (const layer of [clip.visualProjection, clip.textProjection]) layer!.weight.assign(tf.eye(3));
  return clip;
}

/** Words to ids: 0 to 2 for the colours, 3 for any other. */
export const colourTokenizer = {
  tokenize(texts: readonly string[], { contextLength }: { contextLength: number }): Tokenized {
    const rows = texts.map((text) => text.split(' ').slice(0, contextLength));
    const length = Math.max(...rows.map((row) => row.length));
    const cells = rows.flatMap((row) => Array.from({ length }, (_, i) => row[i]));
    return {
      inputIds: Int32Array.from(cells, (word) => (WORDS.includes(word ?? '') ? WORDS.indexOf(word!) : 3)),
      attentionMask: Int32Array.from(cells, (word) => (word === undefined ? 0 : 1)),
      shape: [rows.length, length],
    };
  },
};

/** Leaves values as they are, 0 to 1. */
export const plainProcessor = new CLIPImageProcessor({
  size: { width: 2, height: 2 },
  cropSize: null,
  mean: [0, 0, 0],
  std: [1, 1, 1],
});

/** A single pixel, each channel 0 to 255. */
export function pixel(...colour: [red: number, green: number, blue: number]): RawImage {
  return { data: Uint8Array.from(colour), width: 1, height: 1, channels: 3 };
}

/** A red PNG of 2 x 2 pixels. */
export const RED_PNG =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFklEQVR4nGP8z8DAwMDAxMDAwMDAAAANHQEDasKb6QAAAABJRU5ErkJggg==';
