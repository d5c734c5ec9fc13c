import {
  type HostDType,
  type HostTensor,
  hostTensorFromValues,
  hostTensorValues,
  type StateDict,
  type TensorReader,
  tensorReader,
} from '@crossmodal/core';
import { describe, expect, it } from 'vitest';
import { convertTensors, restoreTensors, type TensorRule } from './convert-tensors';

const rules: TensorRule[] = [
  {
    file: 'attn.c_attn.weight',
    module: ['attn.q.weight', 'attn.k.weight', 'attn.v.weight'],
    transpose: true,
  },
  { file: 'attn.c_attn.bias', module: ['attn.q.bias', 'attn.k.bias', 'attn.v.bias'] },
  { file: 'proj', module: ['projection.weight'], transpose: true },
  { file: 'attn.bias', module: [] },
];

const counted = (dtype: HostDType, ...shape: number[]) => {
  const size = shape.reduce((a, b) => a * b, 1);
  const values = dtype.includes('F')
    ? Float32Array.from({ length: size }, (_, i) => i)
    : Int32Array.from({ length: size }, (_, i) => i);
  return hostTensorFromValues(values, shape, dtype);
};
const published: StateDict = {
  'h.0.attn.c_attn.weight': counted('F16', 2, 6), // [in, 3 out]
  'h.0.attn.c_attn.bias': counted('F32', 6),
  'h.0.attn.bias': counted('BOOL', 1),
  'visual.proj': counted('I64', 2, 3),
  'mlp.c_proj': counted('F32', 2, 3), // no such name: `proj` begins after no dot
};

function readerOf(state: StateDict): { reader: TensorReader; reads: string[] } {
  const reads: string[] = [];
  const entries = new Map(Object.entries(state));
  const read = async (entry: HostTensor, key: string) => {
    reads.push(key);
    return entry.bytes;
  };
  return { reader: tensorReader('memory', { format: 'pt' }, entries, read), reads };
}

const valuesOf = (host: HostTensor) => [
  ...hostTensorValues(host, host.dtype.includes('F') ? 'float32' : 'int32'),
];

describe('convertTensors', () => {
  it('cuts, turns, passes over, and leaves what no rule names', async () => {
    const { reader } = readerOf(published);
    const converted = convertTensors(reader, rules);
    expect(converted.keys()).toEqual([
      ...['weight', 'bias'].flatMap((kind) => ['q', 'k', 'v'].map((of) => `h.0.attn.${of}.${kind}`)),
      'visual.projection.weight',
      'mlp.c_proj',
    ]);
    expect(converted.metadata).toEqual({ format: 'pt' });
    expect(converted.info('h.0.attn.k.weight')).toEqual({ dtype: 'F16', shape: [2, 2] });
    const weight = await converted.tensor('h.0.attn.k.weight');
    expect(weight).toMatchObject({ dtype: 'F16', shape: [2, 2] });
    expect(valuesOf(weight)).toEqual([2, 8, 3, 9]); // columns 2 and 3 of [[0 ... 5], [6 ... 11]]
    expect(valuesOf(await converted.tensor('h.0.attn.v.bias'))).toEqual([4, 5]);
    const projection = await converted.tensor('visual.projection.weight');
    expect(projection).toMatchObject({ dtype: 'I64', shape: [3, 2] });
    expect(valuesOf(projection)).toEqual([0, 3, 1, 4, 2, 5]);
    expect(await converted.tensor('mlp.c_proj')).toEqual(published['mlp.c_proj']);
  });

  it('reads what is asked for, and a packed tensor once for all its parts', async () => {
    const { reader, reads } = readerOf(published);
    const converted = convertTensors(reader, rules);
    expect(reads).toEqual([]);
    for (const of of ['q', 'k', 'v']) {
      await converted.tensor(`h.0.attn.${of}.weight`);
      await converted.tensor(`h.0.attn.${of}.bias`);
    }
    expect(reads).toEqual(['h.0.attn.c_attn.weight', 'h.0.attn.c_attn.bias']);
    expect(valuesOf(await converted.tensor('h.0.attn.q.bias'))).toEqual([0, 1]);
    expect(reads).toHaveLength(3); // nothing is kept when all parts have been read
  });

  it('turns large matrices of every size of element, from bytes that lie anywhere', async () => {
    for (const dtype of ['I8', 'BF16', 'F32', 'I64'] as const) {
      const host = counted(dtype === 'I8' ? 'I16' : dtype, 40, 70);
      const given = dtype === 'I8' ? { dtype, shape: [40, 140], bytes: host.bytes } : host;
      const unaligned = new Uint8Array(given.bytes.byteLength + 1).subarray(1);
      unaligned.set(given.bytes);
      const { reader } = readerOf({ proj: { ...given, bytes: unaligned } });
      const turned = await convertTensors(reader, rules).tensor('projection.weight');
      const [rows, columns] = given.shape as [number, number];
      const [before, after] = [valuesOf(given), valuesOf(turned)];
      for (const [row, column] of [
        [0, 0],
        [39, 69],
        [33, 5],
        [2, 64],
      ] as const)
        expect(after[column * rows + row]).toBe(before[row * columns + column]);
    }
  });

  it('comes back from restoreTensors as it was', async () => {
    const { reader } = readerOf(published);
    const restored = restoreTensors(await convertTensors(reader, rules).stateDict(), rules);
    const { 'h.0.attn.bias': _, ...expected } = published;
    expect(restored).toEqual(expected);
    expect(Object.keys(restored)).toEqual(Object.keys(expected));
  });

  it('says what cannot be', () => {
    const convert = (state: StateDict) => () => convertTensors(readerOf(state).reader, rules);
    expect(convert({ 'a.proj': counted('F32', 3) })).toThrow(
      'convertTensors: a.proj: expected a matrix, received shape [3].',
    );
    expect(convert({ 'attn.c_attn.weight': counted('F32', 6, 4) })).toThrow(
      'convertTensors: attn.c_attn.weight: expected 3 equal parts, received shape [6, 4].',
    );
    const [two, three] = [counted('F32', 2), counted('F32', 3)];
    expect(() => restoreTensors({ 'h.attn.k.bias': two, 'h.attn.v.bias': two }, rules)).toThrow(
      'restoreTensors: h.attn.c_attn.bias: its part h.attn.q.bias is missing.',
    );
    const parts = { 'attn.q.bias': two, 'attn.k.bias': three, 'attn.v.bias': two };
    expect(() => restoreTensors(parts, rules)).toThrow(
      'restoreTensors: attn.k.bias: expected F32 [2] as its other parts, received F32 [3].',
    );
    expect(() => restoreTensors({ 'projection.weight': two }, rules)).toThrow(
      'restoreTensors: proj: expected a matrix, received shape [2].',
    );
  });
});
