import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';

/** What a recipe wrote, by name. */
export interface Golden {
  /** The array's values and shape; throws with the known names when there is none such. */
  array(name: string): { values: Float32Array | Int32Array; shape: number[] };
  /** The array as a tensor (f32 or int32). */
  tensor(name: string): tf.Tensor;
  names: string[];
}

/**
 * Reads a golden fixture: a safetensors file with F32, I32 and I64 arrays, from our own recipes.
 *
 * @param url `new URL('../golden/clip_forward.safetensors', import.meta.url)`
 */
export function readGolden(url: URL): Golden {
  const file = readFileSync(url);
  const headerLength = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + headerLength))) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  delete header['__metadata__'];
  const names = Object.keys(header);
  const array = (name: string) => {
    const entry = header[name];
    if (!entry) throw new Error(`readGolden: no ${name}; there are ${names.join(', ')}.`);
    const [start, end] = entry.data_offsets;
    const bytes = Uint8Array.from(file.subarray(8 + headerLength + start, 8 + headerLength + end)).buffer;
    if (entry.dtype === 'F32') return { values: new Float32Array(bytes), shape: entry.shape };
    if (entry.dtype === 'I32') return { values: new Int32Array(bytes), shape: entry.shape };
    if (entry.dtype === 'I64')
      return { values: Int32Array.from(new BigInt64Array(bytes), Number), shape: entry.shape };
    throw new Error(`readGolden: ${name} has dtype ${entry.dtype}; write F32, I32 or I64.`);
  };
  const tensor = (name: string) => {
    const { values, shape } = array(name);
    return tf.tensor(values, shape, values instanceof Float32Array ? 'float32' : 'int32');
  };
  return { array, tensor, names };
}
