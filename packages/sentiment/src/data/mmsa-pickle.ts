import {
  DataError,
  type HostTensor,
  hostTensorFromValues,
  hostTensorValues,
  tensorReader,
} from '@crossmodal/core';
import type { PickleValue } from '@crossmodal/hub';
import type { MmsaPart } from './mmsa-part';

const FEATURES = ['text', 'audio', 'vision'];
const LABELS = ['regression_labels', ...['T', 'A', 'V'].map((modality) => `regression_labels_${modality}`)];
const LENGTHS = ['audio_lengths', 'vision_lengths'];

/**
 * A part of a data set out of the dictionary that a published pickle holds, in the form of the converted files.
 *
 * @param name What errors call the file.
 */
export function mmsaPartOfPickle(data: PickleValue, split: string, name: string): MmsaPart {
  const fail = (words: string) => new DataError(`mmsaFeatures: ${name}: ${words}`);
  const part = data instanceof Map ? data.get(split) : undefined;
  if (!(part instanceof Map)) throw fail(`expected a dictionary with "${split}".`);

  const tensors = new Map<string, HostTensor>();
  const add = (key: string, make: (value: PickleValue) => HostTensor | undefined) => {
    // Older files of CH-SIMS repeat a word.
    const value = part.get(key) ?? part.get(key.replace('labels_', 'labels_labels_'));
    if (value === undefined) return;
    const tensor = make(value);
    if (!tensor) throw fail(`${key}: expected an array of numbers.`);
    tensors.set(key, tensor);
  };
  for (const key of FEATURES) add(key, (value) => (isFloats(value) ? value : undefined));
  for (const key of LABELS) {
    add(key, (value) => {
      const values = numbersOf(value);
      return values && hostTensorFromValues(Float32Array.from(values), [values.length], 'F32');
    });
  }
  for (const key of LENGTHS) {
    add(key, (value) => {
      const values = numbersOf(value);
      return values && hostTensorFromValues(Int32Array.from(values), [values.length], 'I32');
    });
  }
  add('text_bert', (value) => {
    const values = isTensor(value) ? numbersOf(value) : undefined;
    return values && hostTensorFromValues(Int32Array.from(values), (value as HostTensor).shape, 'I32');
  });
  const texts = (key: string): string[] => {
    const list = part.get(key);
    return Array.isArray(list) ? list.map((item) => [item].flat().join('$_$')) : [];
  };
  const [ids, raw] = [texts('id'), texts('raw_text')];
  return {
    name: `${name} (${split})`,
    file: tensorReader(`${name} (${split})`, {}, tensors, async (_, key) => tensors.get(key)!.bytes),
    records: async (count) =>
      Array.from({ length: count }, (_, i) => ({ key: ids[i] ?? String(i), rawText: raw[i] ?? '' })),
  };
}

const isTensor = (value: PickleValue): value is HostTensor =>
  typeof value === 'object' && value !== null && 'dtype' in value;
const isFloats = (value: PickleValue): value is HostTensor => isTensor(value) && value.dtype.includes('F');

/** The values of an array or of a list of numbers, one after the other. */
function numbersOf(value: PickleValue): ArrayLike<number> | undefined {
  if (isTensor(value)) return hostTensorValues(value, isFloats(value) ? 'float32' : 'int32');
  if (!Array.isArray(value)) return undefined;
  const numbers: number[] = [];
  for (const item of value.flat()) {
    if (typeof item !== 'number') return undefined;
    numbers.push(item);
  }
  return numbers;
}
