import type { Expr } from './elementwise';

// Codes of the WebAssembly binary format, as far as they are needed here (core specification 2.0, chapter 5).
const I32 = 0x7f;
const F32 = 0x7d;
const V128 = 0x7b;
const localGet = (index: number) => [0x20, ...leb(index)];
const localSet = (index: number) => [0x21, ...leb(index)];
const I32_ADD = 0x6a;
const I32_LT_U = 0x49;
const LOOP = [0x03, 0x40];
const BR_IF_0 = [0x0d, 0x00];
const END = 0x0b;
const I32_CONST = 0x41;
const V128_LOAD = [0xfd, 0x00, 0x04, 0x00];
const V128_STORE = [0xfd, 0x0b, 0x04, 0x00];
const F32X4_SPLAT = [0xfd, 0x13];

/**
 * A module with one function, `loop(...inputs, ...outputs, bytes, ...scalars)`: addresses and a number of bytes (a
 * multiple of 16, above 0), then floats. It imports its memory.
 */
export function assemble(
  { inputs, outputs, scalars = 0 }: { inputs: number; outputs: number; scalars?: number },
  body: (inputs: Expr[], scalars: Expr[], name: (value: Expr) => Expr) => Expr[],
): Uint8Array<ArrayBuffer> {
  const parameters = [...Array(inputs + outputs + 1).fill(I32), ...Array(scalars).fill(F32)];
  const bytes = inputs + outputs;
  const offset = parameters.length;
  let vectors = 0;
  const newVector = () => offset + 1 + vectors++;
  const address = (pointer: number) => [...localGet(pointer), ...localGet(offset), I32_ADD];

  const prologue: number[] = [];
  const scalarVectors = Array.from({ length: scalars }, (_, i) => {
    const local = newVector();
    prologue.push(...localGet(bytes + 1 + i), ...F32X4_SPLAT, ...localSet(local));
    return localGet(local);
  });
  const step: number[] = [];
  const name = (value: Expr): Expr => {
    const local = newVector();
    step.push(...value, ...localSet(local));
    return localGet(local);
  };
  const values = Array.from({ length: inputs }, (_, i) => name([...address(i), ...V128_LOAD]));
  // Every output is computed before the first is written: it may lie where an input does.
  const results = body(values, scalarVectors, name).map(name);
  for (const [i, result] of results.entries()) step.push(...address(inputs + i), ...result, ...V128_STORE);
  step.push(...localGet(offset), I32_CONST, 16, I32_ADD, ...localSet(offset));
  step.push(...localGet(offset), ...localGet(bytes), I32_LT_U, ...BR_IF_0);

  const locals = vector([
    [1, I32],
    [...leb(vectors), V128],
  ]);
  const code = [...locals, ...prologue, ...LOOP, ...step, END, END];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, vector([[0x60, ...vector(parameters.map((type) => [type])), 0x00]])),
    ...section(2, vector([[...text('env'), ...text('memory'), 0x02, 0x00, 0x00]])),
    ...section(3, vector([[0x00]])),
    ...section(7, vector([[...text('loop'), 0x00, 0x00]])),
    ...section(10, vector([[...leb(code.length), ...code]])),
  ]);
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
    rest >>= 7;
  } while (rest > 0);
  return bytes;
}
