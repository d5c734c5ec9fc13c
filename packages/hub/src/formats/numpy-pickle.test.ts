import { readFileSync } from 'node:fs';
import { bytesSource, type HostTensor, hostTensorValues } from '@crossmodal/core';
import { describe, expect, it } from 'vitest';
import { type PickleValue, readNumpyPickle } from './numpy-pickle';

const file = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../golden/numpy-pickle/${name}`, import.meta.url)));
const read = (bytes: Uint8Array) => readNumpyPickle(bytesSource(bytes, 'data.pkl'));
const expected: Record<string, { shape: number[]; values: (number | boolean)[] }> = JSON.parse(
  new TextDecoder().decode(file('arrays.json')),
);
type Dict = Map<string, PickleValue>;

describe.each([2, 4, 5])('a pickle of protocol %s', (protocol) => {
  it('holds what NumPy put there', async () => {
    const data = (await read(file(`protocol${protocol}.pkl`))) as Dict;
    const arrays = data.get('arrays') as Map<string, HostTensor>;
    expect([...arrays.keys()]).toEqual(Object.keys(expected));
    for (const [name, tensor] of arrays) {
      expect(tensor.shape, name).toEqual(expected[name]!.shape);
      const values = hostTensorValues(tensor, tensor.dtype.includes('F') ? 'float32' : 'int32');
      expect(Array.from(values), name).toEqual(
        expected[name]!.values.map((x) => (tensor.dtype.includes('F') ? Math.fround(Number(x)) : Number(x))),
      );
    }
    expect(arrays.get('f8')!.dtype).toBe('F64');
    expect(data.get('texts')).toEqual(['很好', 'no 😀', '']);
    expect(data.get('again')).toBe(data.get('texts'));
    expect(data.get('bytes')).toEqual(['ab', 'c']);
    expect(data.get('objects')).toEqual([
      ['a', 1],
      [null, 'bc'],
    ]);
    expect(data.get('scalars')).toEqual([1.5, -0.25, -3, 7, true, '很']);
    expect(data.get('plain')).toEqual(
      new Map<string, PickleValue>([
        ['list', [1, -2, 2 ** 40, 1.5, true, null, 'text']],
        ['tuple', [1, [2, 3]]],
      ]),
    );
  });
});

describe('refuses', () => {
  it('names that no data need, without executing anything', async () => {
    await expect(read(file('hostile.pkl'))).rejects.toThrow(
      /data\.pkl: pickle, byte \d+: names "posix\.system", which no weights need\. Nothing was executed\./,
    );
  });

  it('what is not little-endian, and dtypes that are not known', async () => {
    await expect(read(file('big_endian.pkl'))).rejects.toThrow(
      'data.pkl: pickle: a dtype is not little-endian.',
    );
    await expect(read(file('complex.pkl'))).rejects.toThrow('data.pkl: pickle: dtype "c16" is not known.');
  });

  it('damage, wherever it is, with a CheckpointError', async () => {
    const whole = file('protocol4.pkl');
    for (let length = 0; length < whole.length; length += 37)
      await expect(read(whole.slice(0, length))).rejects.toMatchObject({ name: 'CheckpointError' });
    let unharmed = 0;
    for (let at = 2; at < whole.length; at += 3) {
      const bytes = whole.slice();
      bytes[at]! ^= 1 << (at % 8);
      // A flipped bit of a number is another number; all else is an error of ours.
      await read(bytes).then(
        () => unharmed++,
        (error: Error) => expect(error.name, `${at}: ${error.stack}`).toBe('CheckpointError'),
      );
    }
    expect(unharmed).toBeGreaterThan(0);
  });

  it('lists within themselves and great depths do not end the process', async () => {
    const self = Uint8Array.of(0x80, 4, 0x5d, 0x94, 0x68, 0, 0x61, 0x2e); // a = []; a.append(a)
    const list = (await read(self)) as PickleValue[];
    expect(list[0]).toBe(list);
    const deep = Uint8Array.of(0x80, 4, ...Array(1000).fill(0x5d), ...Array(999).fill(0x61), 0x2e);
    await expect(read(deep)).rejects.toThrow('data.pkl: pickle: is nested more than 50 deep.');
  });
});
