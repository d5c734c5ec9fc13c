import { createHash } from 'node:crypto';

/** The first 16 digits of the SHA-256 of an array's bytes, as the recipes in golden/ store it. */
export function sha256(array: Uint8Array | Uint8ClampedArray | Float32Array): string {
  return createHash('sha256').update(array).digest('hex').slice(0, 16);
}
