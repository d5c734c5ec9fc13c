/** Random integers from a seed (mulberry32). */
export function randomIntegers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** Values at which lengths, signs and types turn over. */
const TELLING = [
  0n,
  1n,
  2n,
  0x2en,
  0x40n,
  0x7fn,
  0x80n,
  0xffn,
  0x100n,
  0x7fffn,
  0x8000n,
  0xffffn,
  0x10000n,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  2n ** 32n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 60n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
];

/** One to three changes of a file; `others` are files to take pieces from. */
export function mutate(
  file: Uint8Array,
  others: readonly Uint8Array[],
  random: (below: number) => number,
): Uint8Array {
  let bytes: Uint8Array = file.slice();
  for (let count = 1 + random(3); count > 0; count--) {
    const at = random(bytes.length + 1);
    const length = Math.min(1 + random(random(4) === 0 ? 200 : 8), bytes.length - at);
    const flip = Math.min(at, bytes.length - 1);
    switch (random(8)) {
      case 0:
      case 1:
        if (bytes.length > 0) bytes[flip]! ^= 1 << random(8);
        break;
      case 2:
        if (bytes.length > 0) bytes[flip] = random(256);
        break;
      case 3:
      case 4: {
        // A length field, of any size and order.
        const field = new Uint8Array(8);
        const near = BigInt(bytes.length - 2 + random(5));
        const value = random(4) === 0 ? near : TELLING[random(TELLING.length)]!;
        const width = [1, 2, 4, 8][random(4)]!;
        const little = random(2) === 0;
        new DataView(field.buffer).setBigUint64(0, value < 0n ? 0n : value, little);
        const part = little ? field.subarray(0, width) : field.subarray(8 - width);
        bytes.set(part.subarray(0, bytes.length - at), at);
        break;
      }
      case 5:
        bytes = spliced(bytes, at, length, new Uint8Array());
        if (random(3) === 0) bytes = bytes.slice(0, random(bytes.length + 1));
        break;
      case 6:
        bytes = spliced(bytes, at, 0, bytes.subarray(at, at + length));
        break;
      default: {
        const other = others[random(others.length)]!;
        const from = random(other.length + 1);
        const piece = other.subarray(from, from + length);
        bytes = spliced(bytes, at, random(2) * piece.length, piece);
      }
    }
  }
  return bytes;
}

function spliced(bytes: Uint8Array, at: number, remove: number, insert: Uint8Array): Uint8Array {
  const rest = bytes.subarray(Math.min(at + remove, bytes.length));
  const result = new Uint8Array(at + insert.length + rest.length);
  result.set(bytes.subarray(0, at));
  result.set(insert, at);
  result.set(rest, at + insert.length);
  return result;
}
