import { assemble } from './assemble';

/** Code that leaves four floats on the stack. */
export type Expr = readonly number[];

/** Arithmetic on four floats at a time. */
export const f32x4 = {
  add: binary(0xe4),
  sub: binary(0xe5),
  mul: binary(0xe6),
  div: binary(0xe7),
  min: binary(0xe8),
  max: binary(0xe9),
  sqrt: unary(0xe3),
  abs: unary(0xe0),
  /** A mask of ones where a > b, to be taken with {@link and}. */
  gt: binary(0x44),
  and: binary(0x4e),
};

/** Arguments of a loop: addresses of inputs, addresses of outputs, bytes, scalars. */
type Loop = (...args: number[]) => void;

/** Bytes of working memory. */
const MEMORY_PAGES = 32;
const memory = new WebAssembly.Memory({ initial: MEMORY_PAGES, maximum: MEMORY_PAGES });
/** Working memory that all kernels share; each call may use all of it. */
export const workspace = new Float32Array(memory.buffer);
/** Floats that one of an elementwise kernel's arrays holds at a time: eight fit, and the caches hold most. */
const CHUNK = workspace.length / 8 / 4;

/**
 * A function of arrays, element by element, in WebAssembly's SIMD: four elements an instruction, and everything
 * between the first reading and the last writing in registers. A graph of single operations goes over memory once
 * for each of them; a loop in JavaScript does one element at a time.
 */
export class ElementwiseKernel {
  private readonly loop: Loop;

  /** @param body The outputs, of inputs and scalars; `name` makes a value that is used more than once. */
  constructor(
    private readonly arity: { inputs: number; outputs: number; scalars?: number },
    body: (inputs: Expr[], scalars: Expr[], name: (value: Expr) => Expr) => Expr[],
  ) {
    const module = new WebAssembly.Module(assemble(arity, body));
    const instance = new WebAssembly.Instance(module, { env: { memory } });
    this.loop = instance.exports['loop'] as Loop;
  }

  /**
   * Applies the kernel to parts of the {@link workspace}.
   *
   * @param at Offsets in floats, multiples of 4: of the inputs, then of the outputs (which may be inputs too).
   * @param count Elements, rounded up to a multiple of 4.
   */
  inWorkspace(at: readonly number[], count: number, scalars: readonly number[] = []): void {
    if (count > 0) this.loop(...at.map((offset) => offset * 4), Math.ceil(count / 4) * 16, ...scalars);
  }

  /** Applies the kernel to whole arrays of one length. An output may be an input. */
  run(
    inputs: readonly Float32Array[],
    outputs: readonly Float32Array[],
    scalars: readonly number[] = [],
  ): void {
    const length = inputs[0]!.length;
    const at = Array.from({ length: this.arity.inputs + this.arity.outputs }, (_, i) => i * CHUNK);
    for (let start = 0; start < length; start += CHUNK) {
      const end = Math.min(start + CHUNK, length);
      for (const [i, input] of inputs.entries()) workspace.set(input.subarray(start, end), at[i]!);
      this.inWorkspace(at, end - start, scalars);
      for (const [i, output] of outputs.entries()) {
        const from = at[inputs.length + i]!;
        output.set(workspace.subarray(from, from + end - start), start);
      }
    }
  }
}

function binary(op: number): (a: Expr, b: Expr) => Expr {
  return (a, b) => [...a, ...b, ...simd(op)];
}

function unary(op: number): (a: Expr) => Expr {
  return (a) => [...a, ...simd(op)];
}

function simd(op: number): number[] {
  return op < 0x80 ? [0xfd, op] : [0xfd, (op & 0x7f) | 0x80, op >> 7];
}
