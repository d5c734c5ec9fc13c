/** Float32 values of IEEE halves, given as their 16 bits. */
export function decodeHalf(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const values = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) {
    const bits = halves[i]!;
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    if (exponent === 0) values[i] = sign * 2 ** -24 * fraction;
    else if (exponent === 0x1f) values[i] = fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
    else values[i] = sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
  }
  return values;
}

/** The nearest IEEE halves, as their 16 bits; ties to even, and infinity from 65,520 on. */
export function encodeHalf(values: Float32Array): Uint16Array<ArrayBuffer> {
  const words = new Uint32Array(values.slice().buffer);
  const halves = new Uint16Array(words.length);
  for (let i = 0; i < words.length; i++) {
    const bits = words[i]!;
    const sign = (bits >>> 16) & 0x8000;
    const magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000)
      halves[i] = sign | 0x7e00; // NaN
    else if (magnitude >= 0x477ff000)
      halves[i] = sign | 0x7c00; // rounds to 2^16 or more
    else if (magnitude >= 0x38800000)
      halves[i] = sign | roundShift(magnitude - 0x38000000, 13); // normal
    else halves[i] = sign | roundHalfToEven(Math.abs(values[i]!) * 2 ** 24); // subnormal: units of 2^-24
  }
  return halves;
}

/** Float32 values of bfloat16, given as their 16 bits: the upper half of a float32. */
export function decodeBfloat16(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const words = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) words[i] = halves[i]! << 16;
  return new Float32Array(words.buffer);
}

/** The nearest bfloat16 values, as their 16 bits; ties to even. */
export function encodeBfloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const words = new Uint32Array(values.slice().buffer);
  const halves = new Uint16Array(words.length);
  for (let i = 0; i < words.length; i++) {
    const bits = words[i]!;
    const notANumber = (bits & 0x7fffffff) > 0x7f800000;
    halves[i] = notANumber ? (bits >>> 16) | 0x40 : roundShift(bits, 16);
  }
  return halves;
}

/** `bits / 2^shift`, ties to even. */
function roundShift(bits: number, shift: number): number {
  const odd = (bits >>> shift) & 1;
  return (bits + 2 ** (shift - 1) - 1 + odd) >>> shift;
}

function roundHalfToEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
