import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CheckpointError } from '../errors';
import { castStateDict, hostTensorFromValues, hostTensorValues } from '../host-values';
import { parseSafetensors, serializeSafetensors } from './safetensors';

/** A file with this header text (or bytes) and data. */
function file(
  header: string | Uint8Array,
  data: ArrayLike<number> | number = [],
  length?: bigint,
): Uint8Array {
  const json = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const tail = typeof data === 'number' ? new Uint8Array(data) : Uint8Array.from(data);
  const bytes = new Uint8Array(8 + json.length + tail.length);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(tail, 8 + json.length);
  return bytes;
}

const entry = (shape: string, offsets: string, dtype = 'I32') =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`;

describe('safetensors against the reference implementation', () => {
  const bytes = new Uint8Array(
    readFileSync(new URL('../../golden/safetensors_all_dtypes.safetensors', import.meta.url)),
  );
  const { tensors, metadata } = parseSafetensors(bytes);

  it('reads every dtype', () => {
    const ints = (key: string) => [...hostTensorValues(tensors[key]!, 'int32')];
    for (const key of ['i64', 'i32']) expect(ints(key)).toEqual([-(2 ** 31), 2 ** 31 - 1, 7]);
    for (const key of ['u64', 'u32']) expect(ints(key)).toEqual([0, 2 ** 31 - 1, 7]);
    expect(ints('i16')).toEqual([-(2 ** 15), 2 ** 15 - 1, 7]);
    expect(ints('u16')).toEqual([0, 2 ** 16 - 1, 7]);
    expect(ints('i8')).toEqual([-128, 127, 7]);
    expect(ints('u8')).toEqual([0, 255, 7]);
    expect(ints('bool')).toEqual([1, 0, 1]);
    const floats = (key: string) => hostTensorValues(tensors[key]!, 'float32');
    expect([...floats('f64')]).toEqual([0.5, -2, Infinity, 3.25]);
    expect(floats('f16')).toEqual(floats('f16_as_f32'));
    expect(floats('bf16')).toEqual(floats('bf16_as_f32'));
    expect([...floats('scalar')]).toEqual([2.5]);
    expect(tensors['empty']).toMatchObject({ shape: [2, 0, 3], bytes: new Uint8Array() });
    expect(tensors['名前.😀\uffee"\\']!.bytes).toEqual(Uint8Array.of(1, 2));
    expect(metadata['versions']).toContain('safetensors');
  });

  it('rounds to F16 and BF16 as PyTorch does', () => {
    const cast = (dtype: 'F16' | 'BF16') => castStateDict({ x: tensors['floats']! }, dtype)['x']!.bytes;
    expect(cast('F16')).toEqual(tensors['f16']!.bytes);
    expect(cast('BF16')).toEqual(tensors['bf16']!.bytes);
    const nan = hostTensorFromValues(Float32Array.of(Number.NaN), [1], 'F32');
    for (const dtype of ['F16', 'BF16', 'F64'] as const) {
      expect(hostTensorValues(castStateDict({ nan }, dtype)['nan']!, 'float32')).toEqual(
        Float32Array.of(NaN),
      );
    }
  });

  it('writes the very bytes of the reference', () => {
    const shuffled = Object.fromEntries(Object.entries(tensors).reverse());
    expect(serializeSafetensors(shuffled, metadata)).toEqual(bytes);
  });
});

describe('hostTensorFromValues', () => {
  it.each(['I64', 'I32', 'I16', 'I8', 'U64', 'U32', 'U16', 'U8', 'BOOL'] as const)(
    'keeps integers in %s',
    (dtype) => {
      const values = Int32Array.of(0, 1, 1);
      expect(hostTensorValues(hostTensorFromValues(values, [3], dtype), 'int32')).toEqual(values);
    },
  );

  it('says what does not fit', () => {
    expect(() => hostTensorFromValues(Int32Array.of(256), [1], 'U8')).toThrow(
      'hostTensorFromValues: 256 does not fit in U8.',
    );
    expect(() => hostTensorFromValues(Int32Array.of(-1), [1], 'U64')).toThrow('-1 does not fit in U64.');
    expect(() => hostTensorFromValues(Int32Array.of(1), [2], 'I32')).toThrow(
      'hostTensorFromValues: shape: [2] holds 2 values, received 1.',
    );
    expect(() => hostTensorFromValues(Int32Array.of(1), [1], 'F16')).toThrow(
      'expected a Float32Array for F16.',
    );
  });

  it('reads a tensor whose bytes lie inside a larger Buffer', () => {
    const bytes = Buffer.from('xx\x00\x00\x80\x3f', 'latin1').subarray(2);
    expect([...hostTensorValues({ dtype: 'F32', shape: [1], bytes }, 'float32')]).toEqual([1]);
  });
});

describe('parseSafetensors', () => {
  it.each([
    ['a scalar', file(`{"x":${entry('[]', '[0,4]')}}`, 4)],
    ['space around the header', file(`\t\n{"x":${entry('[2,2]', '[0,16]')}}\r \t\n`, 16)],
    ['no tensors', file('{}')],
    ['an empty tensor', file(`{"x":${entry('[2,0]', '[0, 0]')}}`)],
    [
      'an empty tensor between two',
      file(`{"a":${entry('[1]', '[0,4]')},"b":${entry('[0]', '[4,4]')},"c":${entry('[1]', '[4,8]')}}`, 8),
    ],
    [
      'names of Object.prototype',
      file(`{"__proto__":${entry('[1]', '[0,4]')},"constructor":${entry('[1]', '[4,8]')}}`, 8),
    ],
  ])('takes %s', (_, bytes) => {
    const { tensors } = parseSafetensors(bytes);
    expect(parseSafetensors(serializeSafetensors(tensors)).tensors).toEqual(tensors);
  });

  it.each([
    ['an empty file', new Uint8Array(), '0 bytes are too few'],
    ['seven bytes', new Uint8Array(7), '7 bytes are too few'],
    ['a length without header', file('', [], 60n), "a header of 60 bytes does not fit in the file's 8"],
    ['a huge header', file('{}', [], 0xffffff000000003cn), 'header too large'],
    ['a header one byte over the limit', file('{}', [], 100_000_001n), 'header too large: 100000001 bytes'],
    ['bytes that are not UTF-8', file(Uint8Array.of(0xff)), 'the header is not UTF-8 JSON'],
    ['a byte order mark', file('\ufeff{}'), 'the header is not UTF-8 JSON'],
    ['half an object', file('{'), 'the header is not UTF-8 JSON'],
    ['a list', file('[]'), 'the header is not a JSON object'],
    ['deep nesting', file(`{"x":${'['.repeat(50_000)}${']'.repeat(50_000)}}`), '"x": expected an object'],
    [
      'deep nesting as dtype',
      file(`{"x":{"dtype":${'['.repeat(50_000)}${']'.repeat(50_000)}}}`),
      'a value of type object',
    ],
    ['a tensor that is null', file('{"x":null}'), '"x": expected an object'],
    [
      'an unknown dtype',
      file(`{"x":${entry('[1]', '[0,1]', 'F8_E4M3')}}`, 1),
      '"x": dtype: expected one of F64, F32',
    ],
    [
      'a dtype of Object.prototype',
      file(`{"x":${entry('[1]', '[0,1]', 'toString')}}`, 1),
      'received "toString"',
    ],
    ['a negative size', file(`{"x":${entry('[-1]', '[0,4]')}}`, 4), 'shape: expected a list of sizes'],
    ['half a size', file(`{"x":${entry('[0.5]', '[0,2]')}}`, 2), 'shape: expected a list of sizes'],
    ['a size as text', file(`{"x":${entry('["1"]', '[0,4]')}}`, 4), 'shape: expected a list of sizes'],
    [
      'a size beyond 2^64',
      file(`{"x":${entry('[2,18446744073709551614]', '[0,16]')}}`, 16),
      'shape: expected',
    ],
    [
      'sizes whose product overflows',
      file(`{"x":${entry('[4294967296,4294967296]', '[0,16]')}}`, 16),
      'the size overflows',
    ],
    [
      'an overflow hidden by a zero',
      file(`{"x":${entry('[4294967296,4294967296,0]', '[0,0]')}}`),
      'the size overflows',
    ],
    ['three offsets', file(`{"x":${entry('[1]', '[0,4,4]')}}`, 4), 'data_offsets: expected [start, end]'],
    ['offsets backwards', file(`{"x":${entry('[1]', '[4,0]')}}`, 4), 'data_offsets: expected [start, end]'],
    [
      'offsets that are too short',
      file(`{"x":${entry('[2,2]', '[0, 4]')}}`),
      'take 16 bytes, data_offsets 4',
    ],
    [
      'offsets beyond the end',
      file(`{"x":${entry('[2]', '[0,8]')}}`, 4),
      'expected 8 bytes of data, found 4. The file is cut off.',
    ],
    [
      'bytes at the end',
      file(`{"x":${entry('[2]', '[0,8]')}}`, 9),
      'There are bytes that belong to no tensor',
    ],
    [
      'a hole at the start',
      file(`{"x":${entry('[1]', '[4,8]')}}`, 8),
      '"x": data_offsets: [4, 8] leaves a hole',
    ],
    [
      'a hole',
      file(`{"x":${entry('[1]', '[0,4]')},"y":${entry('[1]', '[8,12]')}}`, 12),
      '"y": data_offsets: [8, 12] leaves a hole',
    ],
    [
      'an overlap',
      file(`{"x":${entry('[2]', '[0,8]')},"y":${entry('[1]', '[4,8]')}}`, 8),
      '"y": data_offsets: [4, 8] overlaps',
    ],
    [
      'the same range twice',
      file(`{"x":${entry('[1]', '[0,4]')},"y":${entry('[1]', '[0,4]')}}`, 4),
      'overlaps',
    ],
    [
      'a name twice',
      file(`{"x":${entry('[1]', '[0,4]')},"x":${entry('[1]', '[4,8]')}}`, 8),
      '"x" occurs twice',
    ],
    [
      'a name twice, once escaped',
      file(`{"x":${entry('[1]', '[0,4]')},"\\u0078" :${entry('[1]', '[0,4]')}}`, 4),
      '"x" occurs twice',
    ],
    [
      'a field twice',
      file('{"x":{"dtype":"I32","shape":[1],"shape":[1],"data_offsets":[0,4]}}', 4),
      '"shape" occurs twice',
    ],
    [
      'metadata that are no strings',
      file('{"__metadata__":{"a":1}}'),
      '__metadata__: "a": expected a string',
    ],
    ['metadata that are a list', file('{"__metadata__":[]}'), '__metadata__: expected an object'],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => parseSafetensors(bytes, 'model.safetensors')).toThrow(CheckpointError);
    expect(() => parseSafetensors(bytes, 'model.safetensors')).toThrow(/^model\.safetensors: /);
    expect(() => parseSafetensors(bytes)).toThrow(message);
  });

  it('throws nothing but CheckpointError, whatever is done to a file', () => {
    const good = serializeSafetensors(
      {
        'a.weight': hostTensorFromValues(Float32Array.of(1, 2, 3, 4), [2, 2], 'F32'),
        'a.bias': hostTensorFromValues(Float32Array.of(1, 2), [2], 'BF16'),
        'b.steps': hostTensorFromValues(Int32Array.of(7), [], 'I64'),
      },
      { format: 'pt' },
    );
    const mutation = fc.record({
      at: fc.nat(good.length - 1),
      byte: fc.nat(255),
      cut: fc.nat(3),
      paste: fc.string({ maxLength: 6 }),
    });
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 5 }), (mutations) => {
        let bytes = [...good];
        for (const { at, byte, cut, paste } of mutations) {
          if (cut === 0) bytes[at] = byte;
          else if (cut === 1) bytes = bytes.slice(0, at);
          else bytes.splice(at, cut - 2, ...new TextEncoder().encode(paste));
        }
        onlyCheckpointError(() => parseSafetensors(Uint8Array.from(bytes)));
      }),
      { numRuns: 3000, seed: 1 },
    );
    const digits = fc.constantFrom(
      '0',
      '4',
      '-1',
      '9007199254740993',
      '1e400',
      '0.5',
      '""',
      'null',
      '{}',
      '[]',
    );
    fc.assert(
      fc.property(digits, digits, digits, digits, fc.nat(40), (a, b, c, d, size) => {
        onlyCheckpointError(() =>
          parseSafetensors(file(`{"x":${entry(`[${a},${b}]`, `[${c},${d}]`, 'F32')}}`, size)),
        );
      }),
      { numRuns: 2000, seed: 2 },
    );
  });
});

function onlyCheckpointError(f: () => void): void {
  try {
    f();
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
  }
}

describe('serializeSafetensors', () => {
  it('aligns the data', () => {
    for (const key of ['x', 'xx', 'xxxxx']) {
      const bytes = serializeSafetensors({ [key]: hostTensorFromValues(Float32Array.of(1), [], 'F32') });
      expect(Number(new DataView(bytes.buffer).getBigUint64(0, true)) % 8).toBe(0);
    }
  });

  it('refuses bytes that do not fit the shape', () => {
    const bad = { dtype: 'F32', shape: [2, 3], bytes: new Uint8Array(20) } as const;
    expect(() => serializeSafetensors({ 'a.b': bad })).toThrow(
      'serializeSafetensors: a.b: expected 24 bytes for F32 [2, 3], received 20.',
    );
  });
});
