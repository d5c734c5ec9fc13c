// Codes of the WebAssembly binary format, as far as they are needed here (core specification 2.0, chapter 5).

/** Instructions, as bytes; what they leave on the stack is their value. */
export type Code = readonly number[];

const I32 = 0x7f;
const V128 = 0x7b;
const EMPTY = 0x40;
const END = 0x0b;

export const local = (index: number): Code => [0x20, ...unsigned(index)];
export const set = (index: number, value: Code): Code => [...value, 0x21, ...unsigned(index)];
export const constant = (value: number): Code => [0x41, ...signed(value)];

export const i32 = {
  add: (a: Code, b: Code): Code => [...a, ...b, 0x6a],
  sub: (a: Code, b: Code): Code => [...a, ...b, 0x6b],
  mul: (a: Code, b: Code): Code => [...a, ...b, 0x6c],
  greater: (a: Code, b: Code): Code => [...a, ...b, 0x4a],
  load: (at: Code): Code => [...at, 0x28, 0, 0],
  store: (at: Code, value: Code): Code => [...at, ...value, 0x36, 0, 0],
  /** `condition ? a : b` */
  select: (condition: Code, a: Code, b: Code): Code => [...a, ...b, ...condition, 0x1b],
};

export const v128 = {
  load: (at: Code): Code => [...at, ...simd(0), 0, 0],
  /** Four times the same 32 bits. */
  loadSplat: (at: Code, offset = 0): Code => [...at, ...simd(9), 0, ...unsigned(offset)],
  store: (at: Code, value: Code): Code => [...at, ...value, ...simd(11), 0, 0],
  constant: (bytes: Code): Code => [...simd(12), ...bytes],
  /** Bytes of `a` (0 to 15) and `b` (16 to 31). */
  shuffle: (a: Code, b: Code, bytes: Code): Code => [...a, ...b, ...simd(13), ...bytes],
  /** Bytes of `a` by `places`; 0 where a place is 128. */
  swizzle: (a: Code, places: Code): Code => [...a, ...places, ...simd(14)],
  extendLow: (a: Code): Code => [...a, ...simd(0x89)],
  extendHigh: (a: Code): Code => [...a, ...simd(0x8a)],
  /** Four sums of two products of 16-bit integers. */
  dot: (a: Code, b: Code): Code => [...a, ...b, ...simd(0xba)],
  add: (a: Code, b: Code): Code => [...a, ...b, ...simd(0xae)],
  splat: (a: Code): Code => [...a, ...simd(0x11)],
  shiftLeft: (a: Code, bits: number): Code => [...a, ...constant(bits), ...simd(0xab)],
  shiftRight: (a: Code, bits: number): Code => [...a, ...constant(bits), ...simd(0xac)],
  /** 32 bits to 16, then 16 to 8: what is outside becomes the nearest inside. */
  narrow16: (a: Code, b: Code): Code => [...a, ...b, ...simd(0x85)],
  narrow8: (a: Code, b: Code): Code => [...a, ...b, ...simd(0x66)],
  firstLane: (a: Code): Code => [...a, ...simd(0x1b), 0],
};

/** Runs `body` once and again while `condition`, computed after it, is not 0. */
export function loop(body: Code, condition: Code): Code {
  return [0x03, EMPTY, ...body, ...condition, 0x0d, 0, END];
}

export interface WasmFunction {
  name: string;
  /** How many 32-bit integers it takes; they are the first locals. */
  parameters: number;
  /** Locals after them: first 32-bit integers, then vectors. */
  integers: number;
  vectors: number;
  body: Code;
}

/** A module of functions that return nothing. It imports its memory as `env.memory`. */
export function assemble(functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters }) => [
    0x60,
    ...unsigned(parameters),
    ...Array(parameters).fill(I32),
    0,
  ]);
  const bodies = functions.map(({ integers, vectors, body }) => {
    const code = [2, ...unsigned(integers), I32, ...unsigned(vectors), V128, ...body, END];
    return [...unsigned(code.length), ...code];
  });
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, types),
    ...section(2, [[...text('env'), ...text('memory'), 0x02, 0x00, 0x00]]),
    ...section(
      3,
      functions.map((_, i) => unsigned(i)),
    ),
    ...section(
      7,
      functions.map(({ name }, i) => [...text(name), 0x00, ...unsigned(i)]),
    ),
    ...section(10, bodies),
  ]);
}

function section(id: number, items: readonly Code[]): Code {
  const contents = [...unsigned(items.length), ...items.flat()];
  return [id, ...unsigned(contents.length), ...contents];
}

function text(characters: string): Code {
  return [...unsigned(characters.length), ...Array.from(characters, (c) => c.charCodeAt(0))];
}

function simd(code: number): Code {
  return [0xfd, ...unsigned(code)];
}

/** An integer in LEB128. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
}

function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest < -64 || rest > 63; rest >>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest & 0x7f];
}
