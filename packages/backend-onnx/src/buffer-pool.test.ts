import { describe, expect, it } from 'vitest';
import { BufferPool } from './buffer-pool';

/** A request that is held once, as a tensor holds it. */
function hold(pool: BufferPool, byteLength: number) {
  const buffer = pool.acquire(byteLength);
  buffer.references++;
  return buffer;
}

describe('BufferPool', () => {
  it('gives memory out again once all who hold it have released it', () => {
    const pool = new BufferPool(1e6);
    const first = hold(pool, 1000);
    first.references++;
    pool.release(first);
    expect(hold(pool, 1000)).not.toBe(first);
    pool.release(first);
    expect(hold(pool, 1000)).toBe(first);
  });

  it('gives at least what is asked, and at most a quarter more', () => {
    const pool = new BufferPool(1e6);
    for (let size = 257; size < 1e6; size = Math.ceil(size * 1.13)) {
      const { byteLength } = pool.acquire(size).bytes;
      expect(byteLength).toBeGreaterThanOrEqual(size);
      expect(byteLength).toBeLessThanOrEqual(size * 1.25);
    }
  });

  it('keeps no more free than its bound', () => {
    const pool = new BufferPool(5000);
    for (const buffer of [1024, 2048, 4096].map((size) => hold(pool, size))) pool.release(buffer);
    expect(pool.freeBytes).toBe(3072);
    expect(pool.usedBytes).toBe(0);
  });

  it('trims what lay free since the last time', () => {
    const pool = new BufferPool(1e6);
    const buffers = [1, 2, 3].map(() => hold(pool, 1024));
    for (const buffer of buffers) pool.release(buffer);
    pool.trim();
    pool.release(hold(pool, 1024)); // one of the three was needed
    pool.trim();
    expect(pool.freeBytes).toBe(1024);
    pool.trim();
    expect(pool.freeBytes).toBe(0);
  });

  it('knows its own memory', () => {
    const pool = new BufferPool(1e6);
    const buffer = pool.acquire(100);
    expect(pool.ownerOf(new Float32Array(buffer.bytes, 4, 2))).toBe(buffer);
    expect(pool.ownerOf(new Float32Array(2))).toBeUndefined();
  });
});
