import type { Heap } from '../heap';
import { type Code, FunctionBuilder, f32x4, i32, type ValueType } from './assembler';

interface Arity {
  inputs: number;
  outputs: number;
  scalars?: number;
}
/** The outputs, of inputs and scalars; `name` computes a value once that is used more often. */
type Body = (inputs: Code[], scalars: Code[], name: (value: Code) => Code) => Code[];

/**
 * A function of arrays, element by element, in WebAssembly's SIMD: four elements an instruction, and everything
 * between the first reading and the last writing in registers. It goes on to a multiple of four elements.
 */
export function elementwise(
  heap: Heap,
  name: string,
  arity: Arity,
  body: Body,
): (addresses: readonly number[], size: number, scalars?: readonly number[]) => void {
  const { loop } = heap.module(name, () => [build(arity, body)]);
  return (addresses, size, scalars = []) => loop!(...addresses, Math.ceil(size / 4), ...scalars);
}

function build({ inputs, outputs, scalars = 0 }: Arity, body: Body): FunctionBuilder {
  const types: ValueType[] = [...Array(inputs + outputs + 1).fill('i32'), ...Array(scalars).fill('f32')];
  const f = new FunctionBuilder('loop', types);
  const addresses = f.parameters.slice(0, inputs + outputs);
  const count = f.parameters[inputs + outputs]!;
  const constants = f.parameters
    .slice(inputs + outputs + 1)
    .map((x) => f.local('v128', f32x4.splat(x.value)).value);
  const offset = f.local('i32');
  const at = (i: number) => i32.add(addresses[i]!.value, offset.value);
  f.times(count, () => {
    const name = (value: Code) => f.local('v128', value).value;
    const values = addresses.slice(0, inputs).map((_, i) => name(f32x4.load(at(i))));
    const results = body(values, constants, name);
    for (const [i, result] of results.entries()) f.emit(f32x4.store(at(inputs + i), result));
    f.advance(offset, 16);
  });
  return f;
}
