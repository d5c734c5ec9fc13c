import { Rng } from '@crossmodal/core';
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { expect, it } from 'vitest';
import { type TfjsUniform, tfjsUniformBytes } from './tfjs-uniforms';

/** The bytes that tfjs's own method writes. */
function theirs(fields: TfjsUniform[]): ArrayBuffer {
  let written = new ArrayBuffer(0);
  const backend = {
    bufferManager: { acquireBuffer: () => ({}) },
    queue: { writeBuffer: (_: unknown, _at: number, bytes: ArrayBuffer) => (written = bytes) },
    uniformPendingDisposal: [],
  };
  Object.assign(globalThis, { GPUBufferUsage: { COPY_DST: 8, UNIFORM: 64 } });
  const { makeUniforms } = WebGPUBackend.prototype as unknown as { makeUniforms(fields: unknown): void };
  makeUniforms.call(backend, structuredClone(fields));
  return written;
}

it('are laid out as tfjs does it', () => {
  const rng = new Rng(1);
  const random = (n: number) => rng.integer(n);
  for (let trial = 0; trial < 200; trial++) {
    const fields = Array.from({ length: 1 + random(8) }, () => ({
      type: (['float32', 'int32', 'uint32'] as const)[random(3)]!,
      data: Array.from({ length: random(7) }, () => random(1000)),
    }));
    const expected = new Uint8Array(theirs(fields));
    const bytes = new Uint8Array(tfjsUniformBytes(fields));
    expect([...bytes.slice(0, expected.length)]).toEqual([...expected]);
    expect(bytes.length % 16).toBe(0);
  }
});
