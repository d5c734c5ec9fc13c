import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Sha256 } from './sha256';

const reference = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

it('equals the standard for every length around a block, however it is fed', () => {
  for (let length = 0; length < 200; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 37 + length) & 255);
    const hash = new Sha256();
    hash.update(bytes);
    expect(hash.hex()).toBe(reference(bytes));
  }
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 150 }), { maxLength: 10 }), (chunks) => {
      const hash = new Sha256();
      for (const chunk of chunks) hash.update(chunk);
      expect(hash.hex()).toBe(reference(Buffer.concat(chunks)));
    }),
  );
});

it('reads views that do not begin at the start of their buffer', () => {
  const bytes = Uint8Array.from({ length: 1_000_003 }, (_, i) => i * i);
  const hash = new Sha256();
  hash.update(bytes.subarray(3, 500));
  hash.update(bytes.subarray(500));
  expect(hash.hex()).toBe(reference(bytes.subarray(3)));
});
