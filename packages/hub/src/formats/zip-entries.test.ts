import { bytesSource, CheckpointError } from '@crossmodal/core';
import { describe, expect, it } from 'vitest';
import { goldenBytes } from '../../test/golden-files';
import { uint64 } from '../../test/pickle-bytes';
import { joined, type ZipFileEntry, zipFile } from '../../test/zip-file';
import { zipEntries } from './zip-entries';

const a: ZipFileEntry = { name: 'x/a', data: Uint8Array.of(1, 2, 3) };
const b: ZipFileEntry = { name: 'x/b', data: Uint8Array.of(4, 5) };
const wide = (...values: bigint[]) =>
  joined([Uint8Array.of(1, 0, values.length * 8, 0), ...values.map((value) => uint64(value))]);
const open = (bytes: Uint8Array) => zipEntries(bytesSource(bytes, 'f.zip'));

describe('zipEntries', () => {
  it('are sources of their own', async () => {
    const entries = await open(zipFile([a, b]));
    expect([...entries.keys()]).toEqual(['x/a', 'x/b']);
    expect(entries.get('x/a')).toMatchObject({ name: 'f.zip: x/a', size: 3 });
    expect(await entries.get('x/a')!.read(1, 2)).toEqual(Uint8Array.of(2, 3));
    expect(await entries.get('x/b')!.read(0, 2)).toEqual(b.data);
  });

  it('may be none, may be folders, and may have 64-bit sizes', async () => {
    expect((await open(zipFile([]))).size).toBe(0);
    expect((await open(zipFile([{ name: 'x/', data: new Uint8Array() }, a]))).size).toBe(2);
    const large = { ...a, size: 2 ** 32 - 1, extra: joined([Uint8Array.of(9, 9, 1, 0, 0), wide(3n, 3n)]) };
    expect(await (await open(zipFile([large]))).get('x/a')!.read(0, 3)).toEqual(a.data);
    expect((await open(goldenBytes('torch/zip64.pt'))).size).toBe(15);
  });

  it.each<[string, Uint8Array, string]>([
    ['no zip', new Uint8Array(100), 'has no directory at its end. Is the file cut off?'],
    ['few bytes', new Uint8Array(5), 'has no directory at its end'],
    ['cut off', zipFile([a, b]).subarray(0, -1), 'has no directory at its end'],
    ['more after it', joined([zipFile([a]), Uint8Array.of(0)]), 'has no directory at its end'],
    ['more before it', joined([Uint8Array.of(0), zipFile([a])]), 'does not end at'],
    ['two of one name', zipFile([a, a]), 'has two entries "x/a".'],
    [
      'one over another',
      zipFile([a, { ...b, offset: 10 }]),
      '"x/a" (3 bytes) runs into what comes after it.',
    ],
    ['two in one place', zipFile([a, { ...b, offset: 0 }]), '"x/a" (3 bytes) runs into'],
    ['one into the next', zipFile([{ ...a, size: 60 }, b]), '"x/a" (60 bytes) runs into'],
    ['one into the directory', zipFile([{ ...a, size: 7 }]), '"x/a" (7 bytes) runs into'],
    ['one past the end', zipFile([{ ...a, offset: 1000 }]), 'runs into what comes after it'],
    [
      'a path upwards',
      zipFile([{ ...a, name: '../x' }]),
      'expected entries with plain names, received "../x".',
    ],
    ['a path upwards within', zipFile([{ ...a, name: 'x/../../y' }]), 'expected entries with plain names'],
    ['an absolute path', zipFile([{ ...a, name: '/etc/passwd' }]), 'expected entries with plain names'],
    ['a Windows path', zipFile([{ ...a, name: 'c:\\x' }]), 'expected entries with plain names'],
    ['an empty name', zipFile([{ ...a, name: '' }]), 'expected entries with plain names'],
    ['a zero in a name', zipFile([{ ...a, name: 'a\0b' }]), 'expected entries with plain names'],
    [
      'a long name',
      zipFile([{ ...a, name: 'a'.repeat(1001) }]),
      'expected entries with plain names, received "aaa',
    ],
    ['fewer entries', zipFile([a, b], { count: 1 }), 'its directory has 2 entries, and claims 1.'],
    ['more entries', zipFile([a, b], { count: 3 }), 'its directory has 2 entries, and claims 3.'],
    ['a directory elsewhere', zipFile([a], { start: 3 }), 'does not end at'],
    ['an encrypted one', zipFile([{ ...a, flags: 1 }]), '"x/a" is encrypted.'],
    ['two sizes', zipFile([{ ...a, packedSize: 2 }]), '"x/a" is stored, but its sizes are 2 and 3.'],
    ['no 64-bit size', zipFile([{ ...a, size: 2 ** 32 - 1 }]), '"x/a" lacks its zip64 field.'],
    ['a short one', zipFile([{ ...a, size: 2 ** 32 - 1, extra: wide(3n) }]), '"x/a" lacks its zip64 field.'],
    [
      'a size of 2^63',
      zipFile([{ ...a, size: 2 ** 32 - 1, extra: wide(2n ** 63n, 0n) }]),
      '9223372036854775808 is no',
    ],
    [
      'a size of 2^50',
      zipFile([{ ...a, size: 2 ** 32 - 1, extra: wide(2n ** 50n, 2n ** 50n) }]),
      'runs into what',
    ],
    [
      'a place of 2^50',
      zipFile([{ ...a, offset: 2 ** 32 - 1, extra: wide(2n ** 50n) }]),
      'runs into what comes after',
    ],
  ])('refuses %s', async (_, bytes, message) => {
    await expect(open(bytes)).rejects.toThrow(CheckpointError);
    await expect(open(bytes)).rejects.toThrow(message);
  });

  it.each<[string, ZipFileEntry, string]>([
    [
      'another name of itself',
      { ...a, localName: 'x/c' },
      'its directory calls "x/a" what has another name for itself.',
    ],
    ['a longer name of itself', { ...a, localName: 'x/aa' }, 'what has another name for itself.'],
    ['nothing there', { ...a, size: 2, offset: 1 }, 'there is no entry "x/a" at 1.'],
    ['what is compressed', { ...a, method: 8 }, 'f.zip: x/a: is compressed, which torch.save never does.'],
  ])('refuses to read %s', async (_, entry, message) => {
    const file = await open(zipFile([entry]));
    await expect(file.get('x/a')!.read(0, 1)).rejects.toThrow(message);
  });

  it('refuses to read one that its own header puts further on', async () => {
    const bytes = zipFile([a, b]);
    bytes[28] = 30; // bytes of other fields between the name and the content
    await expect((await open(bytes)).get('x/a')!.read(0, 1)).rejects.toThrow(
      '"x/a" runs into what comes after it.',
    );
  });

  it('refuses to read past an entry', async () => {
    const entry = (await open(zipFile([a, b]))).get('x/a')!;
    await expect(entry.read(2, 2)).rejects.toThrow(
      'f.zip: x/a: expected 2 bytes from 2 on, but there are 3.',
    );
    await expect(entry.read(-1, 2)).rejects.toThrow(CheckpointError);
  });

  it.each([
    [8, 'what is not there', 'there is no zip64 record at'],
    [-50, 'another number of entries', 'its two directory records say 15 and'],
  ])('refuses a zip64 record with an error at %i: %s', async (at, _, message) => {
    const bytes = goldenBytes('torch/zip64.pt').slice();
    // From the end: 22 bytes of the record, 20 of the locator (its offset at 8), 56 of the zip64 record.
    const end = bytes.length - 22 - 20;
    const place = at === 8 ? end + 8 : end - 56 + 32;
    bytes[place]! ^= 1;
    await expect(open(bytes)).rejects.toThrow(message);
  });
});
