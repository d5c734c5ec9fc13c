import { crc32 } from 'node:zlib';
import { bytesSource } from '@crossmodal/core';
import { expect, it } from 'vitest';
import { zipEntries } from '../../../../packages/hub/src/formats/zip-entries';
import { zipFiles } from './zip-files';

it('writes an archive that another program reads, with right checksums', async () => {
  const noise = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7919) >> 3);
  const zip = zipFiles(
    {
      'README.md': 'Grüße, 你好',
      'model/weights.bin': [noise.subarray(0, 300), noise.subarray(300)],
      empty: '',
    },
    new Date(2026, 10, 28, 13, 45, 6),
  );
  const bytes = new Uint8Array(await zip.arrayBuffer());
  const entries = await zipEntries(bytesSource(bytes, 'test.zip'));
  const read = async (name: string) => {
    const entry = entries.get(name)!;
    return entry.read(0, entry.size);
  };
  expect([...entries.keys()].sort()).toEqual(['README.md', 'empty', 'model/weights.bin']);
  expect(new TextDecoder().decode(await read('README.md'))).toBe('Grüße, 你好');
  expect(await read('model/weights.bin')).toEqual(noise);
  const view = new DataView(bytes.buffer);
  expect(view.getUint32(14, true)).toBe(crc32('Grüße, 你好')); // of the first local header
  expect(view.getUint32(10, true)).toBe((((46 << 9) | (11 << 5) | 28) << 16) | (13 << 11) | (45 << 5) | 3);
});
