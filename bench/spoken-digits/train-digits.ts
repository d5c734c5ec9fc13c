import {
  AdamW,
  arrayDataset,
  cosineSchedule,
  DataLoader,
  type ForwardContext,
  Linear,
  Module,
  type Rng,
  softmaxCrossEntropy,
  Trainer,
  withWarmup,
} from '@crossmodal/core';
import { normalizeBands, type Spectrogram } from '@crossmodal/processing';
import { SpeechEncoder } from '@crossmodal/sentiment';
import * as tf from '@tensorflow/tfjs-core';
import { augmentSpectrogram } from './augment-spectrogram';

export const NUM_MELS = 40;
const BATCH = 32;

/** A recording as the model hears it. */
export interface DigitSample {
  /** The same at several speeds (and pitches), not normalised. */
  speeds: Spectrogram[];
  digit: number;
}

class DigitClassifier extends Module {
  readonly encoder: SpeechEncoder;
  readonly classifier: Linear;

  constructor(rng: Rng) {
    super();
    this.encoder = new SpeechEncoder({
      numMels: NUM_MELS,
      hiddenSize: 128,
      convChannels: [24, 48, 96],
      numLayers: 0, // transformer blocks learn the voices of three speakers
      dropout: 0.2,
      rng,
    });
    this.classifier = new Linear(this.encoder.hiddenSize, 10, { rng });
  }

  forward({ audioValues, audioMask }: Batch, context?: ForwardContext): tf.Tensor {
    return tf.tidy(() =>
      this.classifier.forward(this.encoder.forward({ audioValues, audioMask }, context).pooledOutput),
    );
  }
}

interface Batch {
  audioValues: tf.Tensor3D;
  audioMask: tf.Tensor2D;
  labels: tf.Tensor1D;
}

/** Trains on `training` from nothing, and predicts the digits of `test`: the mean of what it says at each speed. */
export async function trainDigits(
  training: readonly DigitSample[],
  test: readonly DigitSample[],
  { epochs, rng }: { epochs: number; rng: Rng },
): Promise<{ predictions: number[]; seconds: number; parameters: number; loss: number }> {
  const model = new DigitClassifier(rng.split('model'));
  const data = new DataLoader(arrayDataset(training), {
    batchSize: BATCH,
    shuffle: true,
    dropLast: true,
    rng: rng.split('data'),
    collate: (samples, { rng }) =>
      toBatch(
        samples.map(({ digit, speeds }, i) => {
          const random = rng!.split(i);
          const varied = augmentSpectrogram(speeds[random.integer(speeds.length)]!, random);
          return { spectrogram: asHeard(varied), digit };
        }),
      ),
  });
  const steps = epochs * data.length!;
  const warmup = Math.ceil(steps / 20);
  const started = performance.now();
  const { last } = await new Trainer({
    model,
    optimizer: new AdamW(model, { weightDecay: 0.05 }),
    schedule: withWarmup(cosineSchedule({ learningRate: 2e-3, steps: steps - warmup }), warmup),
    clipNorm: 1,
    loss: (model, batch: Batch, context) => ({
      loss: softmaxCrossEntropy(model.forward(batch, context), batch.labels, { labelSmoothing: 0.1 }),
    }),
    data,
    rng: rng.split('trainer'),
    loggers: [],
  }).fit({ epochs });
  const seconds = (performance.now() - started) / 1000;
  const predictions: number[] = [];
  for (let i = 0; i < test.length; i += BATCH) {
    const samples = test.slice(i, i + BATCH);
    const batches = samples[0]!.speeds.map((_, j) =>
      toBatch(samples.map(({ speeds, digit }) => ({ spectrogram: asHeard(speeds[j]!), digit }))),
    );
    const best = tf.tidy(() =>
      tf.argMax(tf.addN(batches.map((batch) => tf.softmax(model.forward(batch)))), 1),
    );
    predictions.push(...(await best.data()));
    tf.dispose([best, ...batches.map((batch) => ({ ...batch }))]);
  }
  const parameters = model.parameterCount().total;
  model.dispose();
  return { predictions, seconds, parameters, loss: last!.loss };
}

/**
 * What is more than 30 dB below the loudest is noise of the room, which differs from speaker to speaker, and which
 * normalising each band would make as loud as speech: it is drowned in noise that is always the same.
 */
function asHeard({ data, shape }: Spectrogram): Spectrogram {
  const loudest = data.reduce((most, x) => Math.max(most, x), -Infinity);
  const floor = Math.exp(loudest - 7);
  return normalizeBands({ data: data.map((x) => Math.log(Math.exp(x) + floor)), shape });
}

function toBatch(samples: readonly { spectrogram: Spectrogram; digit: number }[]): Batch {
  const frames = Math.max(...samples.map(({ spectrogram }) => spectrogram.shape[0]));
  const values = new Float32Array(samples.length * frames * NUM_MELS);
  const mask = new Int32Array(samples.length * frames);
  samples.forEach(({ spectrogram: { data, shape } }, i) => {
    values.set(data, i * frames * NUM_MELS);
    mask.fill(1, i * frames, i * frames + shape[0]);
  });
  return {
    audioValues: tf.tensor3d(values, [samples.length, frames, NUM_MELS]),
    audioMask: tf.tensor2d(mask, [samples.length, frames], 'int32'),
    labels: tf.tensor1d(
      samples.map(({ digit }) => digit),
      'int32',
    ),
  };
}
