import { columnSums } from '@crossmodal/onnx-graph';
import { util } from '@tensorflow/tfjs-core';
import { feed, type HostKernel, isFloat, type OnnxKernel, type Plan, sizeOf } from '../kernel';

/** Neighbouring axes that are all kept, or all reduced, as one. */
function mergeReduced(shape: readonly number[], axes: number[]): { shape: number[]; axes: number[] } {
  const merged: number[] = [];
  const reducedAxes: number[] = [];
  let previous: boolean | undefined;
  shape.forEach((size, axis) => {
    const reduced = axes.includes(axis);
    if (size === 1 && merged.length > 0) return;
    if (reduced === previous) {
      merged[merged.length - 1]! *= size;
    } else {
      if (reduced) reducedAxes.push(merged.length);
      merged.push(size);
      previous = reduced;
    }
  });
  return { shape: merged, axes: reducedAxes };
}

const reduction = (kernelName: string, opType: string): OnnxKernel => ({
  kernelName,
  plan({ x }, attrs): Plan | undefined {
    const { axis, keepDims } = attrs;
    if (!isFloat(x!) || sizeOf(x!.shape) < 256) return;
    const axes = util.parseAxisParam(axis as number | number[], x!.shape);
    const shape = x!.shape.flatMap((size, i) => (axes.includes(i) ? (keepDims ? [1] : []) : [size]));
    const merged = mergeReduced(x!.shape, axes);
    if (merged.axes.length === 0) return;
    const graphShape = merged.shape.filter((_, i) => !merged.axes.includes(i));
    return {
      key: `${kernelName} ${merged.axes} of ${merged.shape.length}`,
      inputs: [feed(x!, merged.shape)],
      outputs: [{ dtype: 'float32', shape, graphShape }],
      build(graph, [a]) {
        const ofColumns = opType === 'ReduceSum' && merged.shape.length === 2 && merged.axes[0] === 0;
        if (ofColumns && merged.axes.length === 1) return [columnSums(graph, a!)];
        return [graph.op(opType, [a!, graph.ints(merged.axes)], { keepdims: 0 })];
      },
    };
  },
});

/** Max and Min as loops: ONNX Runtime's skip not-a-number, tfjs's keep it. */
const extreme = (kernelName: string, start: number): HostKernel => ({
  kernelName,
  compute({ inputs: { x }, attrs, backend }) {
    if (!isFloat(x!)) return;
    const axes = util.parseAxisParam(
      (attrs['axis'] ?? attrs['reductionIndices']) as number | number[],
      x!.shape,
    );
    const shape = x!.shape.flatMap((size, i) => (axes.includes(i) ? (attrs['keepDims'] ? [1] : []) : [size]));
    const merged = mergeReduced(x!.shape, axes);
    let values = backend.floats(x!);
    for (const axis of merged.axes.toReversed()) {
      const [extent] = merged.shape.splice(axis, 1);
      values = reduceMiddle(values, extent!, sizeOf(merged.shape.slice(axis)), start);
    }
    const output = backend.allocate(shape, 'float32');
    backend.floats(output).set(values);
    return output;
  },
});

/** The extremes of `values` as [outer, extent, inner] over the middle axis. */
function reduceMiddle(values: Float32Array, extent: number, inner: number, start: number): Float32Array {
  const result = new Float32Array(values.length / extent).fill(start);
  const sign = start < 0 ? 1 : -1;
  for (let to = 0, from = 0; to < result.length; to += inner) {
    for (let row = 0; row < extent; row++, from += inner) {
      for (let i = 0; i < inner; i++) {
        const value = values[from + i]!;
        if (value * sign > result[to + i]! * sign || Number.isNaN(value)) result[to + i] = value;
      }
    }
  }
  return result;
}

const argReduction = (kernelName: string): OnnxKernel => ({
  kernelName,
  plan({ x }, { axis }) {
    if (!isFloat(x!) || sizeOf(x!.shape) < 256) return;
    const [at] = util.parseAxisParam(axis as number, x!.shape);
    const merged = [sizeOf(x!.shape.slice(0, at)), x!.shape[at!]!, sizeOf(x!.shape.slice(at! + 1))];
    return {
      key: kernelName,
      inputs: [feed(x!, merged)],
      outputs: [
        { dtype: 'int32', shape: x!.shape.filter((_, i) => i !== at), graphShape: [merged[0]!, merged[2]!] },
      ],
      build: (graph, [a]) => [
        graph.op('Cast', [graph.op(kernelName, [a!], { axis: 1, keepdims: 0 })], { to: 6 }),
      ],
    };
  },
});

const softmaxLike = (kernelName: string, opType: string): OnnxKernel => ({
  kernelName,
  plan(inputs, attrs) {
    const x = (inputs['logits'] ?? inputs['x'])!;
    const dim = (attrs['dim'] ?? attrs['axis'] ?? -1) as number;
    const rank = x.shape.length;
    if (!isFloat(x) || sizeOf(x.shape) < 64 || (dim !== -1 && dim !== rank - 1)) return;
    const columns = x.shape[rank - 1]!;
    const graphShape = [sizeOf(x.shape) / columns, columns];
    return {
      key: kernelName,
      inputs: [feed(x, graphShape)],
      outputs: [{ dtype: 'float32', shape: x.shape, graphShape }],
      build: (graph, [a]) => [graph.op(opType, [a!], { axis: -1 })],
    };
  },
});

export const reductions = [
  reduction('Sum', 'ReduceSum'),
  reduction('Mean', 'ReduceMean'),
  extreme('Max', -Infinity),
  extreme('Min', Infinity),
  reduction('Prod', 'ReduceProd'),
  argReduction('ArgMax'),
  argReduction('ArgMin'),
  softmaxLike('Softmax', 'Softmax'),
];
