import { expect, it } from 'vitest';
import { BufferPool } from './buffer-pool';

interface FakeBuffer extends GPUBufferDescriptor {
  destroyed: boolean;
  destroy(): void;
}

function poolOf(keptBytes: number) {
  const made: FakeBuffer[] = [];
  const device = {
    createBuffer(descriptor: GPUBufferDescriptor) {
      const buffer: FakeBuffer = {
        ...descriptor,
        destroyed: false,
        destroy() {
          this.destroyed = true;
        },
      };
      made.push(buffer);
      return buffer;
    },
  };
  return { pool: new BufferPool(device as unknown as GPUDevice, keptBytes), made };
}

it('gives a buffer of the same size and usage again', () => {
  const { pool, made } = poolOf(1000);
  const first = pool.acquireBuffer(64, 1);
  pool.releaseBuffer(first);
  expect(pool.acquireBuffer(64, 2)).not.toBe(first);
  expect(pool.acquireBuffer(64, 1, false, false)).not.toBe(first);
  expect(pool.acquireBuffer(64, 1)).toBe(first);
  expect(made.length).toBe(3);
  expect(pool).toMatchObject({ numBytesUsed: 192, numBytesAllocated: 192 });
  expect([pool.getNumUsedBuffers(), pool.getNumFreeBuffers()]).toEqual([3, 0]);
});

it('gives of those alike the one made first, whatever the order of release', () => {
  const { pool } = poolOf(1000);
  const buffers = [0, 1, 2].map(() => pool.acquireBuffer(64, 1));
  for (const i of [2, 0, 1]) pool.releaseBuffer(buffers[i]!);
  for (const buffer of buffers) expect(pool.acquireBuffer(64, 1)).toBe(buffer);
});

it('does not grow without end over ever new sizes, and lets the oldest go', () => {
  const { pool, made } = poolOf(1000);
  for (let size = 1; size <= 300; size++) {
    pool.releaseBuffer(pool.acquireBuffer(size, 1));
    pool.trim();
    expect(pool.numBytesAllocated).toBeLessThanOrEqual(1000);
  }
  expect(made.map(({ destroyed }) => destroyed)).toEqual(made.map((_, i) => i < 297)); // 298 + 299 + 300 stay
  expect(pool.numBytesAllocated).toBe(897);
});

it('keeps what was in use at once of late, and forgets it later', () => {
  const { pool } = poolOf(100);
  const step = () => {
    const activations = Array.from({ length: 50 }, (_, i) => pool.acquireBuffer(100 + i, 1));
    for (const buffer of activations) pool.releaseBuffer(buffer);
    pool.trim();
  };
  step();
  const { numBytesAllocated } = pool;
  expect(numBytesAllocated).toBe(50 * 100 + 49 * 25);
  step();
  expect(pool.numBytesAllocated).toBe(numBytesAllocated);
  for (let i = 0; i < 600; i++) pool.trim();
  expect(pool.numBytesAllocated).toBeLessThanOrEqual(100);
});

it('destroys nothing between trims, and all when it ends', () => {
  const { pool, made } = poolOf(10);
  const used = pool.acquireBuffer(5000, 1);
  const free = pool.acquireBuffer(6000, 1);
  pool.releaseBuffer(free);
  expect(made.some(({ destroyed }) => destroyed)).toBe(false);
  expect(() => pool.releaseBuffer(free)).toThrow('not in use');
  pool.dispose();
  expect(made.every(({ destroyed }) => destroyed)).toBe(true);
  pool.releaseBuffer(used);
  expect(pool.numBytesAllocated).toBe(0);
});
