import { DataError, type Dataset, formatShape, hostTensorValues, type TensorReader } from '@crossmodal/core';
import { type FeatureFiles, openMmsaPart } from './mmsa-part';

/** A sequence of vectors of one sample. */
export interface FeatureSequence {
  /** [length, dim], row after row. */
  values: Float32Array;
  /** [length]: 1 where there is something, 0 for padding. */
  mask: Float32Array;
}

/** The text as BERT takes it, [length] each. */
export interface TokenSequence {
  inputIds: Int32Array;
  attentionMask: Int32Array;
  tokenTypeIds: Int32Array;
}

/** A clip as features, as far as the file has them. */
export interface FeatureSample {
  /** `video$_$clip` */
  key: string;
  /** What was said. */
  rawText: string;
  text?: FeatureSequence;
  audio?: FeatureSequence;
  vision?: FeatureSequence;
  tokens?: TokenSequence;
  /** The score: in [-3, 3] for CMU-MOSI and CMU-MOSEI, in [-1, 1] for CH-SIMS. */
  label: number;
  /** Scores of text, audio and vision alone, where the data set has them (CH-SIMS). */
  modalityLabels?: Readonly<Record<string, number>>;
}

/** A part of a data set, in memory. */
export interface FeatureDataset extends Dataset<FeatureSample> {
  get(index: number): FeatureSample;
  /** Size of a vector, by modality. */
  readonly dims: Readonly<Record<string, number>>;
  /** Positions, by modality; of tokens, `tokens`. */
  readonly lengths: Readonly<Record<string, number>>;
  /** [length] */
  readonly labels: Float32Array;
}

const MODALITIES = ['text', 'audio', 'vision'] as const;

/**
 * Features of CMU-MOSI, CMU-MOSEI or CH-SIMS as the MMSA toolbox publishes them: `aligned_50.pkl`, `unaligned_50.pkl`,
 * `unaligned_39.pkl`. A pickle is read without executing anything, whole for each part, up to 4 GiB; for larger ones, and
 * to open them quicker, `tools/convert_mmsa.py` in this package makes safetensors and JSONL of them.
 *
 * Values of audio and vision that are not finite become 0 (the toolbox does so with audio's -Infinity, and with NaN after
 * averaging). Masks: of text, BERT's; where the file has lengths, those, cut to the positions there are; else every
 * position with a value that is not 0.
 *
 * A part is held in memory; the text of the largest, CMU-MOSEI's training part, takes 2.5 GB (the converter's `--omit text`
 * leaves it out, where BERT is trained along).
 *
 * @param source The path of a `.pkl`, or its bytes (`blobSource(pickedFile)`); or the folder with `train.safetensors`,
 *   `train.jsonl` and so on: a path, a browser's handle, files.
 * @throws CheckpointError when a file is missing or damaged; DataError when its shapes do not fit each other.
 * @example
 * const train = await mmsaFeatures('mosi/aligned_50.pkl', 'train');
 * const batches = featureBatches(train, { batchSize: 32, shuffle: true, rng: new Rng(0) });
 */
export async function mmsaFeatures(
  source: FeatureFiles,
  split: 'train' | 'valid' | 'test',
): Promise<FeatureDataset> {
  const part = await openMmsaPart(source, split);
  const { file } = part;
  const fail = (words: string) => new DataError(`mmsaFeatures: ${part.name}: ${words}`);
  const keys = file.keys();
  const labels = await floats(file, 'regression_labels');
  const count = labels.length;
  const records = await part.records(count);

  /** The shape, checked: -1 stands for any size. */
  const shapeOf = (name: string, expected: readonly number[]) => {
    const shape = [...file.info(name).shape];
    if (shape.length === expected.length && expected.every((size, i) => size === -1 || size === shape[i]))
      return shape;
    const words = expected.map((size) => (size === -1 ? '*' : size)).join(', ');
    throw fail(`${name}: expected shape [${words}], received ${formatShape(shape)}.`);
  };
  shapeOf('regression_labels', [count]);

  const tokens = keys.includes('text_bert')
    ? { values: await integers(file, 'text_bert'), length: shapeOf('text_bert', [count, 3, -1])[2]! }
    : undefined;
  const sequences = new Map<string, Sequences>();
  for (const name of MODALITIES.filter((modality) => keys.includes(modality))) {
    const [, length, dim] = shapeOf(name, [count, -1, -1]) as [number, number, number];
    const values = await floats(file, name);
    for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) values[i] = 0;
    let mask: Float32Array;
    if (name === 'text' && tokens?.length === length) {
      const { values } = tokens;
      mask = fillMask(count, length, (i, at) => values[(3 * i + 1) * length + at] !== 0);
    } else if (keys.includes(`${name}_lengths`)) {
      const lengths = await integers(file, `${name}_lengths`);
      shapeOf(`${name}_lengths`, [count]);
      const negative = lengths.find((n) => n < 0);
      if (negative !== undefined) throw fail(`${name}_lengths: expected none below 0, received ${negative}.`);
      mask = fillMask(count, length, (i, at) => at < lengths[i]!);
    } else {
      mask = fillMask(count, length, (i, at) => {
        const start = (i * length + at) * dim;
        for (let j = start; j < start + dim; j++) if (values[j] !== 0) return true;
        return false;
      });
    }
    sequences.set(name, { values, mask, length, dim });
  }
  const single = new Map<string, Float32Array>();
  for (const name of MODALITIES) {
    const key = `regression_labels_${name[0]!.toUpperCase()}`;
    if (!keys.includes(key)) continue;
    shapeOf(key, [count]);
    single.set(name, await floats(file, key));
  }

  const entries = [...sequences];
  return {
    length: count,
    dims: Object.fromEntries(entries.map(([name, { dim }]) => [name, dim])),
    lengths: Object.fromEntries([
      ...entries.map(([name, { length }]) => [name, length] as const),
      ...(tokens ? [['tokens', tokens.length] as const] : []),
    ]),
    labels,
    get(index) {
      const { key, rawText } = records[index]!;
      return {
        key,
        rawText,
        ...Object.fromEntries(entries.map(([name, all]) => [name, sequenceAt(all, index)])),
        ...(tokens && { tokens: tokensAt(tokens, index) }),
        label: labels[index]!,
        ...(single.size > 0 && {
          modalityLabels: Object.fromEntries([...single].map(([name, values]) => [name, values[index]!])),
        }),
      };
    },
  };
}

interface Sequences {
  values: Float32Array;
  mask: Float32Array;
  length: number;
  dim: number;
}

const floats = async (file: TensorReader, name: string) =>
  hostTensorValues(await file.tensor(name), 'float32');
const integers = async (file: TensorReader, name: string) =>
  hostTensorValues(await file.tensor(name), 'int32');

function fillMask(
  count: number,
  length: number,
  isThere: (sample: number, at: number) => boolean,
): Float32Array {
  return Float32Array.from({ length: count * length }, (_, i) =>
    isThere(Math.floor(i / length), i % length) ? 1 : 0,
  );
}

function sequenceAt({ values, mask, length, dim }: Sequences, index: number): FeatureSequence {
  return {
    values: values.subarray(index * length * dim, (index + 1) * length * dim),
    mask: mask.subarray(index * length, (index + 1) * length),
  };
}

/** In the file, a sample's three rows follow each other: ids, attention mask, token types. */
function tokensAt({ values, length }: { values: Int32Array; length: number }, index: number): TokenSequence {
  const row = (i: number) => values.subarray((3 * index + i) * length, (3 * index + i + 1) * length);
  return { inputIds: row(0), attentionMask: row(1), tokenTypeIds: row(2) };
}
