// Codes of the WebAssembly binary format, as far as they are needed here (core specification 2.0, chapter 5).

/** Instructions; most leave one value on the stack. */
export type Code = readonly number[];
export type ValueType = 'i32' | 'f32' | 'v128';

const VALUE_TYPES = { i32: 0x7f, f32: 0x7d, v128: 0x7b };
const END = 0x0b;

export const i32 = {
  const: (value: number): Code => [0x41, ...signedLeb(value)],
  add: (a: Code, b: Code): Code => [...a, ...b, 0x6a],
  sub: (a: Code, b: Code): Code => [...a, ...b, 0x6b],
  mul: (a: Code, b: Code): Code => [...a, ...b, 0x6c],
  and: (a: Code, b: Code): Code => [...a, ...b, 0x71],
  shl: (a: Code, bits: number): Code => [...a, ...i32.const(bits), 0x74],
  shrU: (a: Code, bits: number): Code => [...a, ...i32.const(bits), 0x76],
  ltU: (a: Code, b: Code): Code => [...a, ...b, 0x49],
  load: (address: Code, offset = 0): Code => [...address, 0x28, 0x02, ...leb(offset)],
};

export const f32 = {
  load: (address: Code, offset = 0): Code => [...address, 0x2a, 0x02, ...leb(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [...address, ...value, 0x38, 0x02, ...leb(offset)],
  add: (a: Code, b: Code): Code => [...a, ...b, 0x92],
  mul: (a: Code, b: Code): Code => [...a, ...b, 0x94],
  const: (value: number): Code => [0x43, ...new Uint8Array(Float32Array.of(value).buffer)],
  fromInteger: (value: Code): Code => [...value, 0xb3],
  /** Lane 0 to 3 of four floats. */
  lane: (vector: Code, lane: number): Code => [...vector, ...simd(0x1f), lane],
};

/** Arithmetic on four floats at a time. */
export const f32x4 = {
  load: (address: Code, offset = 0): Code => [...address, ...simd(0x00), 0x02, ...leb(offset)],
  /** One float, four times. */
  loadSplat: (address: Code, offset = 0): Code => [...address, ...simd(0x09), 0x02, ...leb(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [
    ...address,
    ...value,
    ...simd(0x0b),
    0x02,
    ...leb(offset),
  ],
  const: (value: number): Code => [
    ...simd(0x0c),
    ...Array(4)
      .fill([...new Uint8Array(Float32Array.of(value).buffer)])
      .flat(),
  ],
  lanes: (values: readonly [number, number, number, number]): Code => [
    ...simd(0x0c),
    ...new Uint8Array(Float32Array.from(values).buffer),
  ],
  splat: (value: Code): Code => [...value, ...simd(0x13)],
  add: binary(0xe4),
  sub: binary(0xe5),
  mul: binary(0xe6),
  div: binary(0xe7),
  /** a b + c with one rounding: relaxed SIMD, which not every engine has. */
  fusedMultiplyAdd: (a: Code, b: Code, c: Code): Code => [...a, ...b, ...c, ...simd(0x105)],
  min: binary(0xe8),
  max: binary(0xe9),
  abs: unary(0xe0),
  neg: unary(0xe1),
  sqrt: unary(0xe3),
  nearest: unary(0x6a),
  /** Masks of ones or zeros, to be taken with {@link f32x4.and}. */
  gt: binary(0x44),
  eq: binary(0x41),
  and: binary(0x4e),
  or: binary(0x50),
  /** Of the eight floats of a and b, the four numbered. */
  shuffle: (a: Code, b: Code, lanes: readonly [number, number, number, number]): Code => [
    ...a,
    ...b,
    ...simd(0x0d),
    ...lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => lane * 4 + byte)),
  ],
  /** Two to the power of an integral value, for -126 to 127. */
  powerOfTwo: (value: Code): Code => [
    ...value,
    ...simd(0xf8),
    ...i32.const(127),
    ...simd(0x11),
    ...simd(0xae),
    ...i32.const(23),
    ...simd(0xab),
  ],
};

export class Local {
  constructor(
    private readonly index: number,
    readonly type: ValueType,
  ) {}
  get value(): Code {
    return [0x20, ...leb(this.index)];
  }
  set(value: Code): Code {
    return [...value, 0x21, ...leb(this.index)];
  }
}

/** A function without a result; its parameters are the first locals. */
export class FunctionBuilder<const Types extends readonly ValueType[] = readonly ValueType[]> {
  readonly parameters: { [I in keyof Types]: Local };
  private readonly locals: Local[] = [];
  private readonly code: number[] = [];

  constructor(
    readonly name: string,
    readonly types: Types,
  ) {
    this.parameters = types.map((type, i) => new Local(i, type)) as never;
  }

  local(type: ValueType, initial?: Code): Local {
    const local = new Local(this.types.length + this.locals.length, type);
    this.locals.push(local);
    if (initial) this.set(local, initial);
    return local;
  }

  emit(code: Code): void {
    for (const byte of code) this.code.push(byte);
  }
  set(local: Local, value: Code): void {
    this.emit(local.set(value));
  }
  /** Adds to a local, an address most often. */
  advance(local: Local, by: Code | number): void {
    this.set(local, i32.add(local.value, typeof by === 'number' ? i32.const(by) : by));
  }

  /** Runs `body` `count` times; `count` is 0 after it. */
  times(count: Local, body: () => void): void {
    this.when(count.value, () => {
      this.emit([0x03, 0x40]);
      body();
      this.advance(count, -1);
      this.emit([...count.value, 0x0d, 0x00, END]);
    });
  }

  when(condition: Code, then: () => void, otherwise?: () => void): void {
    this.emit([...condition, 0x04, 0x40]);
    then();
    if (otherwise) {
      this.emit([0x05]);
      otherwise();
    }
    this.emit([END]);
  }

  encode(): number[] {
    const locals = vector(this.locals.map(({ type }) => [1, VALUE_TYPES[type]]));
    const body = [...locals, ...this.code, END];
    return [...leb(body.length), ...body];
  }
}

/** A module of functions that work on an imported memory, `env.memory`. */
export function assemble(functions: readonly FunctionBuilder[], shared: boolean): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ types }) => [
    0x60,
    ...vector(types.map((type) => [VALUE_TYPES[type]])),
    0x00,
  ]);
  const limits = shared ? [0x03, 0x00, ...leb(65536)] : [0x00, 0x00];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, vector(types)),
    ...section(2, vector([[...text('env'), ...text('memory'), 0x02, ...limits]])),
    ...section(3, vector(functions.map((_, i) => leb(i)))),
    ...section(7, vector(functions.map(({ name }, i) => [...text(name), 0x00, ...leb(i)]))),
    ...section(10, vector(functions.map((f) => f.encode()))),
  ]);
}

function binary(op: number): (a: Code, b: Code) => Code {
  return (a, b) => [...a, ...b, ...simd(op)];
}
function unary(op: number): (a: Code) => Code {
  return (a) => [...a, ...simd(op)];
}
function simd(op: number): number[] {
  return [0xfd, ...leb(op)];
}
function section(id: number, contents: number[]): number[] {
  return [id, ...leb(contents.length), ...contents];
}
function vector(items: number[][]): number[] {
  return [...leb(items.length), ...items.flat()];
}
function text(characters: string): number[] {
  return vector(Array.from(characters, (character) => [character.charCodeAt(0)]));
}

/** An unsigned integer in LEB128. */
function leb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return bytes;
}

/** A signed one. */
function signedLeb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (;;) {
    const byte = rest & 0x7f;
    rest >>= 7;
    if ((rest === 0 && !(byte & 0x40)) || (rest === -1 && byte & 0x40)) return [...bytes, byte];
    bytes.push(byte | 0x80);
  }
}
