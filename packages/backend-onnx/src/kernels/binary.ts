import { BINARY_NODES, type BinaryNodes } from '@crossmodal/onnx-graph';
import { backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import { type DType, feed, isFloat, type OnnxKernel, type Plan, sizeOf } from '../kernel';

const SMALL = 512;

/** Both shapes with neighbouring axes merged where both are whole, or both broadcast alike. */
export function mergeAxes(a: readonly number[], b: readonly number[]): [number[], number[]] {
  const rank = Math.max(a.length, b.length);
  const at = (shape: readonly number[], axis: number) => shape[axis - rank + shape.length] ?? 1;
  const mergedA: number[] = [];
  const mergedB: number[] = [];
  let previous = '';
  for (let axis = 0; axis < rank; axis++) {
    const x = at(a, axis);
    const y = at(b, axis);
    if (x === 1 && y === 1) continue;
    const kind = x === y ? 'both' : x === 1 ? 'b' : 'a';
    if (kind === previous) {
      mergedA[mergedA.length - 1]! *= x;
      mergedB[mergedB.length - 1]! *= y;
    } else {
      mergedA.push(x);
      mergedB.push(y);
    }
    previous = kind;
  }
  return [mergedA, mergedB];
}

export function binaryPlan(
  kernelName: string,
  a: TensorInfo,
  b: TensorInfo,
  entry: BinaryNodes,
): Plan | undefined {
  const dtypes = entry.takes ?? ['float32'];
  if (a.dtype !== b.dtype || !dtypes.includes(a.dtype as DType)) return;
  const shape = backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
  if (sizeOf(shape) < SMALL) return;
  const [shapeA, shapeB] = mergeAxes(a.shape, b.shape);
  const graphShape = shapeA.map((size, axis) => Math.max(size, shapeB[axis]!));
  return {
    key: `${kernelName} ${a.dtype} ${graphShape.length}`,
    inputs: [feed(a, shapeA), feed(b, shapeB)],
    outputs: [{ dtype: entry.result ?? (a.dtype as DType), shape, graphShape }],
    build: (graph, [x, y]) => [entry.build(graph, x!, y!)],
  };
}

const broadcasting = Object.entries(BINARY_NODES).map(
  ([kernelName, entry]): OnnxKernel => ({
    kernelName,
    plan: ({ a, b }) => binaryPlan(kernelName, a!, b!, entry),
  }),
);

const prelu: OnnxKernel = {
  kernelName: 'Prelu',
  plan: ({ x, alpha }) =>
    binaryPlan('Prelu', x!, alpha!, { build: (graph, a, b) => graph.op('PRelu', [a, b]) }),
};

const logicalNot: OnnxKernel = {
  kernelName: 'LogicalNot',
  plan({ x }) {
    const size = sizeOf(x!.shape);
    if (x!.dtype !== 'bool' || size < SMALL) return;
    return {
      key: 'LogicalNot',
      inputs: [feed(x!, [size])],
      outputs: [{ dtype: 'bool', shape: x!.shape, graphShape: [size] }],
      build: (graph, [a]) => [graph.op('Not', [a!])],
    };
  },
};

const select: OnnxKernel = {
  kernelName: 'Select',
  plan({ condition, t, e }) {
    const size = sizeOf(t!.shape);
    if (!isFloat(t!, e!) || size < SMALL) return;
    // A condition of rank 1 chooses whole rows; otherwise all three have one shape.
    const rows = sizeOf(condition!.shape);
    return {
      key: 'Select',
      inputs: [feed(condition!, [rows, 1]), feed(t!, [rows, size / rows]), feed(e!, [rows, size / rows])],
      outputs: [{ dtype: 'float32', shape: t!.shape, graphShape: [rows, size / rows] }],
      build: (graph, [c, a, b]) => [graph.op('Where', [c!, a!, b!])],
    };
  },
};

const addN: OnnxKernel = {
  kernelName: 'AddN',
  plan(inputs) {
    const tensors = inputs as unknown as TensorInfo[];
    const size = sizeOf(tensors[0]!.shape);
    if (!isFloat(...tensors) || size < SMALL) return;
    return {
      key: `AddN ${tensors.length}`,
      inputs: tensors.map((tensor) => feed(tensor, [size])),
      outputs: [{ dtype: 'float32', shape: tensors[0]!.shape, graphShape: [size] }],
      build: (graph, names) => [graph.op('Sum', names)],
    };
  },
};

export const binary = [...broadcasting, prelu, logicalNot, select, addN];
