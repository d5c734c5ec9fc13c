import { OnnxType } from '@crossmodal/onnx-graph';
import type { Lowering } from '../lower/lowering';
import type { DType } from '../trace/trace-graph';

/** float64: JavaScript's numbers, in which tfjs computes with integers. */
export const DOUBLE = 11;

/** The greater range of the two, as tfjs's `upcastType`. */
export const widest = (a: DType, b: DType): DType =>
  a === 'float32' || b === 'float32' ? 'float32' : a === 'int32' || b === 'int32' ? 'int32' : 'bool';

/** As the other type, where it is another. */
export function cast({ graph }: Lowering, x: string, from: DType, to: DType): string {
  if (from === to) return x;
  const finite = from === 'float32' && to === 'int32' ? finiteOrZero(graph, x) : x;
  return graph.op('Cast', [finite], { to: OnnxType[to] });
}

/** What has no integer is 0, as in JavaScript's arrays. */
export function finiteOrZero(graph: Lowering['graph'], x: string): string {
  const hasValue = graph.op('Less', [graph.op('Abs', [x]), graph.scalar(Infinity)]);
  return graph.op('Where', [hasValue, x, graph.scalar(0)]);
}
