// Spoken digits of a speaker whom the model has never heard: a small SpeechEncoder, trained from nothing on the other
// three, each of the four in turn. The bar is 80 % on average. A control learns shuffled labels, and must stay at chance.
// npm run bench -- spoken-digits [--data fsdd_4_speakers.tar] [--epochs 15] [--speakers george,nicolas]
//
// The data are the Free Spoken Digit Dataset (Jackson et al., CC-BY-SA-4.0, github.com/Jakobovski/free-spoken-digit-dataset):
// 2,000 recordings at 8 kHz, 50 of each digit by each of four speakers, as a tar of its wav files.
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { configureOnnxBackend } from '@crossmodal/backend-onnx';
import { Rng, useBackend } from '@crossmodal/core';
import { LogMelSpectrogram, resampleAudio, type Waveform } from '@crossmodal/processing';
import { readDigits } from './spoken-digits/read-digits';
import { NUM_MELS, trainDigits } from './spoken-digits/train-digits';

const { values } = parseArgs({
  options: {
    data: {
      type: 'string',
      default: fileURLToPath(new URL('../../shared/data/fsdd/fsdd_4_speakers.tar', import.meta.url)),
    },
    epochs: { type: 'string', default: '15' },
    speakers: { type: 'string' },
    seed: { type: 'string', default: '0' },
    threads: { type: 'string', default: `${availableParallelism()}` },
  },
});
if (!existsSync(values.data)) {
  console.error(
    `spoken-digits: no file ${values.data}. Pack the wav files of george, jackson, nicolas and yweweler from ` +
      'github.com/Jakobovski/free-spoken-digit-dataset into a tar, and name it with --data.',
  );
  process.exit(1);
}
configureOnnxBackend({ threads: Number(values.threads) });
await useBackend('onnx');

const BAR = 0.8;
const SAMPLE_RATE = 8000;
/** Speed and pitch, by resampling. */
const SPEEDS = [1, 0.8, 0.88, 1.12, 1.25];
const mels = new LogMelSpectrogram({ sampleRate: SAMPLE_RATE, nFft: 256, hopLength: 80, nMels: NUM_MELS });
const started = performance.now();
const digits = readDigits(values.data).map(({ waveform, ...rest }) => ({
  ...rest,
  speeds: SPEEDS.map((speed) => mels.compute(faster(waveform, speed))),
}));
const preparing = (performance.now() - started) / 1000;
const everyone = [...new Set(digits.map(({ speaker }) => speaker))];
const speakers = values.speakers?.split(',') ?? everyone;
const epochs = Number(values.epochs);
const rng = new Rng(Number(values.seed));

const rows: Record<string, string | number>[] = [];
const heard = { right: 0, of: 0, seconds: 0 };
const accuracies: Record<string, number> = {};
let parameters = 0;
for (const speaker of speakers) {
  const [training, test] = split(speaker);
  const result = await trainDigits(training, test, { epochs, rng: rng.split(speaker) });
  const right = test.filter(({ digit }, i) => result.predictions[i] === digit).length;
  accuracies[speaker] = right / test.length;
  heard.right += right;
  heard.of += test.length;
  heard.seconds += result.seconds;
  parameters = result.parameters;
  rows.push(row(speaker, right, test.length, result.seconds));
  console.error(`${speaker}: ${percent(right / test.length)}`);
}
rows.push(row('mean', heard.right, heard.of, heard.seconds));

// Labels in random order say nothing: what is learnt from them must not help.
const [training, test] = split(speakers[0]!);
const order = rng.split('shuffled').permutation(training.length);
const shuffled = training.map((sample, i) => ({ ...sample, digit: training[order[i]!]!.digit }));
const control = await trainDigits(shuffled, test, {
  epochs: Math.ceil(epochs / 4),
  rng: rng.split('control'),
});
const atChance = test.filter(({ digit }, i) => control.predictions[i] === digit).length;
rows.push(row('control: shuffled labels', atChance, test.length, control.seconds));

console.table(rows);
console.log(
  JSON.stringify({
    name: 'spoken-digits',
    accuracy: Number((heard.right / heard.of).toPrecision(4)),
    interval: interval(heard.right, heard.of).map((x) => Number(x.toPrecision(4))),
    speakers: accuracies,
    control: atChance / test.length,
    bar: BAR,
    passed: heard.right / heard.of >= BAR && atChance / test.length < 0.2,
    epochs,
    parameters,
    seconds: Math.round((performance.now() - started) / 1000),
    secondsPreparing: Number(preparing.toPrecision(3)),
  }),
);

function faster({ samples }: Waveform, speed: number): Waveform {
  if (speed === 1) return { samples, sampleRate: SAMPLE_RATE };
  const resampled = resampleAudio({ samples, sampleRate: Math.round(SAMPLE_RATE * speed) }, SAMPLE_RATE);
  return { samples: resampled.samples, sampleRate: SAMPLE_RATE };
}

function split(unseen: string): [training: typeof digits, test: typeof digits] {
  return [
    digits.filter(({ speaker }) => speaker !== unseen),
    digits.filter(({ speaker }) => speaker === unseen),
  ];
}

/** 95 % of a share, over recordings; Wilson 1927. How speakers differ is not in it. */
function interval(right: number, of: number): [number, number] {
  const z = 1.96;
  const share = right / of;
  const middle = share + z ** 2 / (2 * of);
  const width = z * Math.sqrt((share * (1 - share)) / of + (z / (2 * of)) ** 2);
  return [(middle - width) / (1 + z ** 2 / of), (middle + width) / (1 + z ** 2 / of)];
}

function row(speaker: string, right: number, of: number, seconds: number): Record<string, string | number> {
  const [low, high] = interval(right, of);
  return {
    'unseen speaker': speaker,
    accuracy: percent(right / of),
    '95 % interval': `${percent(low)} to ${percent(high)}`,
    recordings: of,
    'training s': Math.round(seconds),
  };
}

function percent(x: number): string {
  return `${(100 * x).toFixed(1)} %`;
}
