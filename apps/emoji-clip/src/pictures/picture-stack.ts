/** Many pictures of one size, with the concept that each shows. */
export interface PictureStack {
  /** [count, size, size, RGBA], colours not multiplied by alpha. */
  pixels: Uint8Array;
  /** [count, size, size]: how much of an edge there is, of colour or of the shape. */
  edges: Uint8Array;
  size: number;
  concepts: Int32Array;
}

interface Pictures {
  pixels: Uint8Array;
  concepts: Int32Array;
}

/** One stack of all pictures, with their edges found. */
export function stackPictures(sets: readonly Pictures[], size: number): PictureStack {
  const count = sets.reduce((sum, { concepts }) => sum + concepts.length, 0);
  const pixels = sharedBytes(count * size * size * 4);
  const concepts = new Int32Array(count);
  let at = 0;
  for (const set of sets) {
    pixels.set(set.pixels, at * size * size * 4);
    concepts.set(set.concepts, at);
    at += set.concepts.length;
  }
  const edges = sharedBytes(count * size * size);
  for (let i = 0; i < count; i++) findEdges(pixels, edges, i, size);
  return { pixels, edges, size, concepts };
}

/** Bytes that a worker need not copy, where such are to be had: pages that are not isolated have none. */
const sharedBytes = (length: number) =>
  new Uint8Array(
    typeof SharedArrayBuffer === 'undefined' ? new ArrayBuffer(length) : new SharedArrayBuffer(length),
  );

/** A difference in a 3 x 3 neighbourhood below this (of 255) is no edge; one of half the range more is a full one. */
const FAINTEST_EDGE = 38;

/** Greatest difference of a channel (colours over white, and alpha) in each pixel's neighbourhood, as strength. */
function findEdges(pixels: Uint8Array, edges: Uint8Array, index: number, size: number): void {
  const start = index * size * size;
  const plane = new Int16Array(size * size);
  const high = new Int16Array(size * size);
  const low = new Int16Array(size * size);
  const strongest = new Int16Array(size * size);
  for (let channel = 0; channel < 4; channel++) {
    for (let p = 0; p < plane.length; p++) {
      const alpha = pixels[(start + p) * 4 + 3]!;
      plane[p] = channel === 3 ? alpha : 255 + ((pixels[(start + p) * 4 + channel]! - 255) * alpha) / 255;
    }
    // Separable: along rows, then along columns.
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const p = y * size + x;
        const left = plane[x > 0 ? p - 1 : p]!;
        const right = plane[x + 1 < size ? p + 1 : p]!;
        const own = plane[p]!;
        high[p] = Math.max(left, own, right);
        low[p] = Math.min(left, own, right);
      }
    }
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const p = y * size + x;
        const up = y > 0 ? p - size : p;
        const down = y + 1 < size ? p + size : p;
        const difference =
          Math.max(high[up]!, high[p]!, high[down]!) - Math.min(low[up]!, low[p]!, low[down]!);
        if (difference > strongest[p]!) strongest[p] = difference;
      }
    }
  }
  for (let p = 0; p < plane.length; p++) {
    edges[start + p] = Math.max(0, Math.min(255, (strongest[p]! - FAINTEST_EDGE) * 2));
  }
}
