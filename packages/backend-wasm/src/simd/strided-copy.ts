import type { Heap } from '../heap';
import { FunctionBuilder, f32, f32x4, i32 } from './assembler';

/** Writes an array of four-byte elements with its axes in the order `perm`. */
export function stridedCopy(heap: Heap, from: number, to: number, shape: number[], perm: number[]): void {
  const { rows, plain } = heap.module('strided copy', () => [copyRows('rows'), copyRows('plain')]);
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 4));
  const sizes = perm.map((axis) => shape[axis]!);
  const steps = perm.map((axis) => strides[axis]!);
  const outer = sizes.length - 2;
  const [height, width] = sizes.slice(outer) as [number, number];
  const [rowStep, step] = steps.slice(outer) as [number, number];
  const index = new Array<number>(outer).fill(0);
  const blocks = sizes.slice(0, outer).reduce((a, b) => a * b, 1);
  const copy = step === 4 ? plain! : rows!;
  let start = from;
  for (let block = 0; block < blocks; block++) {
    copy(to + block * height * width * 4, start, height, width, rowStep, step);
    for (let axis = outer - 1; axis >= 0; axis--) {
      start += steps[axis]!;
      if (++index[axis]! < sizes[axis]!) break;
      start -= steps[axis]! * sizes[axis]!;
      index[axis] = 0;
    }
  }
}

/** Rows of elements that lie a step apart; `plain`: side by side, four at a time. */
function copyRows(name: 'rows' | 'plain'): FunctionBuilder {
  const f = new FunctionBuilder(name, ['i32', 'i32', 'i32', 'i32', 'i32', 'i32']);
  const [to, from, height, width, rowStep, step] = f.parameters;
  const [at, left] = [f.local('i32'), f.local('i32')];
  f.times(height, () => {
    f.set(at, from.value);
    if (name === 'plain') {
      f.set(left, i32.shrU(width.value, 2));
      f.times(left, () => {
        f.emit(f32x4.store(to.value, f32x4.load(at.value)));
        f.advance(to, 16);
        f.advance(at, 16);
      });
      f.set(left, i32.and(width.value, i32.const(3)));
    } else {
      f.set(left, width.value);
    }
    f.times(left, () => {
      f.emit(f32.store(to.value, f32.load(at.value)));
      f.advance(to, 4);
      f.advance(at, step.value);
    });
    f.advance(from, rowStep.value);
  });
  return f;
}
