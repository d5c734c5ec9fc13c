import { bytesSource, CheckpointError } from '@crossmodal/core';
import { describe, expect, it } from 'vitest';
import { expectedTensors, goldenSource } from '../../test/golden-files';
import { pickle as bytes, type PicklePart } from '../../test/pickle-bytes';
import { openFlaxCheckpoint } from './flax-checkpoint';

/** A short text, as MessagePack has it. */
const text = (value: string): PicklePart => [0xa0 + value.length, value];
const map = (values: Record<string, PicklePart>): PicklePart => [
  0x80 + Object.keys(values).length,
  ...Object.entries(values).flatMap(([key, value]) => [text(key), value]),
];
const list = (...values: PicklePart[]): PicklePart => [0x90 + values.length, ...values];
const raw = (length: number): PicklePart => [0xc4, length, new Uint8Array(length)];
const extension = (type: number, ...content: PicklePart[]): PicklePart => {
  const data = bytes(...content);
  return [0xc8, data.length >> 8, data.length & 255, type, data];
};
const array = (shape: PicklePart, dtype: string, data: PicklePart) =>
  extension(1, list(shape, text(dtype), data));
const small = array(list(2), 'float32', raw(8));
const chunked = (shape: PicklePart, chunks: PicklePart): PicklePart => [
  0x83,
  [0xd9, 25, '__msgpack_chunked_array__', 0xc3],
  [text('shape'), shape],
  [text('chunks'), chunks],
];

const open = (...parts: PicklePart[]) => openFlaxCheckpoint(bytesSource(bytes(...parts), 'm.msgpack'));

describe('openFlaxCheckpoint', () => {
  it.each([
    ['params.msgpack', 6],
    ['dtypes.msgpack', 12],
    ['state.msgpack', 43],
    ['chunked.msgpack', 3],
  ])('reads what flax writes: %s', async (path, count) => {
    const file = await openFlaxCheckpoint(goldenSource(`flax/${path}`));
    const expected = expectedTensors('flax_files.safetensors', path);
    expect(file.keys()).toHaveLength(count);
    expect(await file.stateDict()).toEqual(expected);
    for (const [key, { dtype, shape }] of Object.entries(expected))
      expect(file.info(key)).toEqual({ dtype, shape });
  });

  it('reads lazily: of a large file, only around the arrays', async () => {
    const size = 20_000_000;
    const length = (n: number) => [n >>> 24, (n >> 16) & 255, (n >> 8) & 255, n & 255];
    const start = bytes(0x93, list([0xce, length(size / 4)]), text('float32'), 0xc6, length(size));
    const entry = (key: string) => bytes(text(key), 0xc9, length(start.length + size), 1, start);
    const parts = [
      bytes(0x82),
      entry('a'),
      new Uint8Array(size).fill(1),
      entry('b'),
      new Uint8Array(size).fill(2),
    ];
    const whole = new Uint8Array(Buffer.concat(parts));
    const reads: number[] = [];
    const file = await openFlaxCheckpoint({
      name: 'large',
      size: whole.length,
      read: async (offset, length) => {
        reads.push(length);
        return whole.subarray(offset, offset + length);
      },
    });
    expect(reads.reduce((a, b) => a + b)).toBeLessThan(30_000);
    expect(file.info('b')).toEqual({ dtype: 'F32', shape: [5_000_000] });
    expect((await file.tensor('b')).bytes.every((byte) => byte === 2)).toBe(true);
    expect(Math.max(...reads)).toBe(size);
  });

  it('joins keys of maps and lists, integers among them', async () => {
    const file = await open(map({ a: list([0xc0], map({ b: small })), c: [0x81, 7, small] }));
    expect(file.keys()).toEqual(['a.1.b', 'c.7']);
  });

  const deep: PicklePart[] = Array.from({ length: 60 }, () => 0x91);
  it.each<[string, PicklePart, string]>([
    ['no arrays', map({ a: 1 }), 'm.msgpack: holds no arrays.'],
    ['a number', 1, 'm.msgpack: holds no arrays.'],
    ['more after the end', [map({ a: small }), 0], 'msgpack, byte 28: 1 bytes are left at the end.'],
    ['a cut', [0x81, text('a')], 'msgpack, byte 3: expected 1 more bytes, found 0.'],
    ['a type that is none', 0xc1, 'msgpack, byte 1: there is no type 0xc1.'],
    ['a map of 2^32', [0xdf, 255, 255, 255, 255], 'expected 8589934590 more bytes, found 0.'],
    ['a list of 2^32', [0xdd, 255, 255, 255, 255], 'expected 4294967295 more bytes, found 0.'],
    ['bytes of 2^32', [0xc6, 255, 255, 255, 255], 'expected 4294967295 more bytes, found 0.'],
    ['an extension of 2^32', [0xc9, 255, 255, 255, 255, 1], 'expected 4294967295 more bytes, found 0.'],
    ['a text of 2^32', [0xdb, 255, 255, 255, 255], 'a text of 4294967295 bytes is too long.'],
    ['a text that is not UTF-8', [0xa1, 0xff], 'has a text that is not UTF-8.'],
    ['60 levels', [...deep, 0], 'is nested more than 50 deep.'],
    [
      'a million values',
      [0xdd, 0, 0x0f, 0x42, 0x40, new Uint8Array(1_000_000)],
      'has more than 500000 values.',
    ],
    ['a key twice', [0x82, text('a'), 1, text('a'), 2], 'has the key "a" twice.'],
    ['a list for a key', [0x81, list(), 1], 'a key is neither a text nor an integer.'],
    ['a fraction for a key', [0x81, [0xca, 0x3f, 0, 0, 0], 1], 'a key is neither a text nor an integer.'],
    [
      'keys that meet',
      [0x82, text('a.b'), small, text('a'), map({ b: small })],
      '"a.b": there are two arrays of this',
    ],
    ['complex numbers', map({ x: array(list(1), 'complex64', raw(8)) }), 'received "complex64".'],
    ['a name of JavaScript', map({ x: array(list(1), 'toString', raw(8)) }), 'received "toString".'],
    [
      'an array of text',
      map({ x: array(list(2), 'float32', text('12345678')) }),
      '"x": expected [shape, dtype, bytes].',
    ],
    ['an array of numbers', map({ x: extension(1, 5) }), '"x": expected [shape, dtype, bytes].'],
    ['too few bytes', map({ x: array(list(2), 'float32', raw(7)) }), '"x": F32 [2] takes 8 bytes, found 7.'],
    ['too many', map({ x: array(list(), 'float32', raw(8)) }), '"x": F32 [] takes 4 bytes, found 8.'],
    [
      'a negative size',
      map({ x: array(list(0xff), 'float32', raw(8)) }),
      '"x": expected a shape of at most 64 sizes.',
    ],
    [
      'a size that is none',
      map({ x: array(list(text('2')), 'float32', raw(8)) }),
      '"x": expected a shape of at most',
    ],
    [
      'bytes of the next',
      map({ x: extension(1, list(list(9), text('int8'), [0xc4, 9])), y: small }),
      'more bytes, found 0.',
    ],
    [
      'more in an array',
      map({ x: extension(1, list(list(1), text('int8'), raw(1)), 0) }),
      '1 bytes are left at the end.',
    ],
    [
      'chunks of two dtypes',
      map({ x: chunked(map({ 0: 3 }), map({ 0: small, 1: array(list(4), 'int8', raw(4)) })) }),
      '"x": expected chunks of one dtype.',
    ],
    ['no chunks', map({ x: chunked(map({ 0: 0 }), map({})) }), '"x": expected chunks of one dtype.'],
    [
      'a chunk that is none',
      map({ x: chunked(map({ 0: 2 }), map({ 1: small })) }),
      '"x": a chunk is no array.',
    ],
    [
      'too few chunks',
      map({ x: chunked(map({ 0: 4 }), map({ 0: small })) }),
      '"x": F32 [4] takes 16 bytes, found 8.',
    ],
    ['a web page', '<!DOCTYPE html>', 'm.msgpack: is a web page, not weights.'],
  ])('refuses %s', async (_, part, message) => {
    await expect(open(part)).rejects.toThrow(CheckpointError);
    await expect(open(part)).rejects.toThrow(message);
    await expect(open(part)).rejects.toThrow(/^m\.msgpack: /);
  });
});
