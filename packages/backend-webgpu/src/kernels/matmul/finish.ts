import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Element, Program } from '../../program';
import { geluFunctions } from '../gelu';
import { elementOf, type Product } from './product';

/** What is done with the sums of a product before they are written. */
export interface Finish {
  /** What distinguishes it, for the name of a program. */
  words: string[];
  /** Buffers that it reads. */
  inputs: Program['inputs'];
  /** Buffers that it writes beside the result. */
  outputs: Program['outputs'];
  /** What the result is written in. */
  element: Element;
  uniforms: Program['uniforms'];
  /**
   * WGSL of `finish(to, row, column, sum)`, which writes four neighbours of the result, a matrix that begins at `to`;
   * and where the element is one number, of `finishOne` alike.
   */
  code: string;
}

export function finishOf(
  { columns, bias, activation, before, slope, residual, heads }: Product,
  element = elementOf(heads?.headDim ?? columns),
): Finish {
  const isGelu = activation !== 'linear' && activation !== 'relu';
  const zero = `${element}(0.0)`;
  const activate = `
${isGelu ? geluFunctions(activation, element as 'f32') : ''}
fn finished(y: ${element}) -> ${element} {
  return ${isGelu ? 'gelu(y)' : activation === 'relu' ? `select(y, ${zero}, y < ${zero})` : 'y'};
}`;
  const placing = heads
    ? `
fn placeInHeads(row: u32, column: u32) -> u32 {
  let heads = uniforms.columns / uniforms.headDim;
  let head = row / uniforms.length * heads + column / uniforms.headDim;
  let position = uniforms.past + row % uniforms.length;
  return (head * uniforms.capacity + position) * uniforms.headDim + column % uniforms.headDim;
}`
    : '';
  const width = element === 'f32' ? 1 : 4;
  const write = `
fn ${width === 1 ? 'finishOne' : 'finish'}(to: u32, row: u32, column: u32, sum: ${element}) {
  if (row >= uniforms.rows || column >= uniforms.columns) { return; }
  let at = (to + row * uniforms.columns + column) / ${width};
  let y = sum${bias ? ` + bias[column / ${width}]` : ''};${before ? '\n  before[at] = y;' : ''}${
    slope
      ? `
  let x = slopesAt[at];
  values[at] = gelu(x);
  c[at] = y * geluSlope(x)`
      : `
  c[${heads ? `(to + placeInHeads(row, column)) / ${width}` : 'at'}] = finished(y)`
  }${residual ? ' + residual[at]' : ''};
}`;
  const each = `
fn finish(to: u32, row: u32, column: u32, sum: vec4<f32>) {
  for (var i = 0u; i < 4; i++) { finishOne(to, row, column + i, sum[i]); }
}`;
  return {
    words: [
      ...(bias ? ['bias'] : []),
      slope ? `gradient of ${activation}` : activation,
      ...(before ? ['and before it'] : []),
      ...(residual ? ['residual'] : []),
      ...(heads ? ['to heads'] : []),
      element,
    ],
    inputs: {
      ...(bias && { bias: element }),
      ...(residual && { residual: element }),
      ...(slope && { slopesAt: element }),
    },
    outputs: { ...(before && { before: element }), ...(slope && { values: element }) },
    element,
    uniforms: heads ? { length: 'u32', headDim: 'u32', capacity: 'u32', past: 'u32' } : {},
    code: `${activate}${placing}${write}${width === 1 ? each : ''}`,
  };
}

/** The product without what `addPartsProgram` does in the end. */
export const sumsOf = (product: Product): Product => ({
  ...product,
  bias: undefined,
  activation: 'linear',
  before: undefined,
  slope: undefined,
  residual: undefined,
  heads: undefined,
});

/** The buffers of {@link Finish.inputs} and outputs. */
export const finishBuffers = ({ bias, residual, before, slope }: Product): Record<string, TensorInfo> => ({
  ...(bias && { bias }),
  ...(residual && { residual }),
  ...(before && { before }),
  ...(slope && { slopesAt: slope.at, values: slope.values }),
});
