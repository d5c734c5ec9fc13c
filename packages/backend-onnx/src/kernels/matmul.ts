import { activate } from '@crossmodal/onnx-graph';
import { broadcast_util, type NamedAttrMap, type TensorInfo } from '@tensorflow/tfjs-core';
import { feed, isFloat, type OnnxKernel, type Plan, type PlanInput, sizeOf } from '../kernel';
import { options } from '../options';

/**
 * Rows of one product at a time, in equal pieces: ONNX Runtime goes over all of them for each strip of the result,
 * and on one core these stay in the caches.
 */
export function rowsAtATime(rows: number): number {
  const pieces = Math.max(1, Math.round(rows / (2048 * options.threads)));
  return Math.ceil(rows / pieces);
}

/**
 * `a @ b` with either side transposed. Without batch axes, or where only the rows of `a` carry them, it is one
 * product of matrices; otherwise batch axes broadcast. `build` takes a bias as a third input.
 */
export function matMulPlan(inputs: { a: TensorInfo; b: TensorInfo }, attrs: NamedAttrMap): Plan {
  const { a, b } = inputs;
  const transA = attrs['transposeA'] ? 1 : 0;
  const transB = attrs['transposeB'] ? 1 : 0;
  const [rows, inner] = transA ? [a.shape.at(-1)!, a.shape.at(-2)!] : [a.shape.at(-2)!, a.shape.at(-1)!];
  const [innerB, columns] = transB ? [b.shape.at(-1)!, b.shape.at(-2)!] : [b.shape.at(-2)!, b.shape.at(-1)!];
  if (inner !== innerB) {
    throw new Error(
      `Error in matMul: inner shapes (${inner}) and (${innerB}) of Tensors with shapes ${a.shape} and ${b.shape} ` +
        `and transposeA=${Boolean(transA)} and transposeB=${Boolean(transB)} must match.`,
    );
  }
  const batchA = a.shape.slice(0, -2);
  const batchB = b.shape.slice(0, -2);
  const shape = [...broadcast_util.assertAndGetBroadcastShape(batchA, batchB), rows, columns];
  const isProductOfMatrices = sizeOf(batchB) === 1 && (!transA || sizeOf(batchA) === 1);
  if (isProductOfMatrices) {
    const allRows = sizeOf(batchA) * rows;
    // A wide result of a long sum is found faster as the transpose of the narrow one.
    const turn = transA && !transB && columns > rows && inner >= 1024;
    return {
      key: `MatMul ${transA}${transB}${turn ? ' turned' : ''}`,
      inputs: [feed(a, transA ? [inner, rows] : [allRows, inner]), feed(b, b.shape.slice(-2))],
      outputs: [{ dtype: 'float32', shape, graphShape: [allRows, columns] }],
      build(graph, [x, y, ...bias]) {
        if (!turn || bias.length > 0) return [graph.op('Gemm', [x!, y!, ...bias], { transA, transB })];
        return [graph.op('Transpose', [graph.op('Gemm', [y!, x!], { transA })], { perm: [1, 0] })];
      },
      ...(!transA && { chunk: { rows: rowsAtATime(allRows), split: [true, false] } }),
    };
  }
  // Batches of one shape, which is nearly all there is, need a single axis.
  const sameBatch = batchA.join() === batchB.join();
  const merge = (x: TensorInfo): PlanInput =>
    feed(x, sameBatch ? [sizeOf(batchA), ...x.shape.slice(-2)] : x.shape);
  return {
    key: `BatchMatMul ${transA}${transB} ${sameBatch ? 3 : `${a.shape.length} ${b.shape.length}`}`,
    inputs: [merge(a), merge(b)],
    outputs: [{ dtype: 'float32', shape, ...(sameBatch && { graphShape: [sizeOf(batchA), rows, columns] }) }],
    build(graph, [x, y, bias]) {
      const product = graph.op('FusedMatMul', [x!, y!], { transA, transB }, 'com.microsoft');
      return [bias ? graph.op('Add', [product, bias]) : product];
    },
  };
}

const batchMatMul: OnnxKernel = {
  kernelName: 'BatchMatMul',
  plan({ a, b }, attrs) {
    return isFloat(a!, b!) ? matMulPlan({ a: a!, b: b! }, attrs) : undefined;
  },
};

const fusedMatMul: OnnxKernel = {
  kernelName: '_FusedMatMul',
  plan({ a, b, bias, preluActivationWeights: alpha }, attrs) {
    if (!isFloat(a!, b!)) return;
    const product = matMulPlan({ a: a!, b: b! }, attrs);
    const extra = [bias, alpha].filter((x) => x !== undefined);
    const rank = (product.outputs[0]!.graphShape ?? product.outputs[0]!.shape).length;
    // Merged batch axes would no longer broadcast against these.
    if (
      extra.some(
        (x) => x.shape.length > rank || (x.shape.length > 1 && rank !== product.outputs[0]!.shape.length),
      )
    ) {
      return;
    }
    const { activation = 'linear', leakyreluAlpha } = attrs;
    const { chunk, ...whole } = product;
    return {
      ...whole,
      ...(chunk &&
        extra.every((x) => x.shape.length < 2) && {
          chunk: { ...chunk, split: [...chunk.split, ...extra.map(() => false)] },
        }),
      key: `${product.key} ${bias?.shape.length} ${alpha?.shape.length} ${activation} ${leakyreluAlpha}`,
      inputs: [...product.inputs, ...extra.map((x) => feed(x))],
      build(graph, [x, y, ...rest]) {
        const biased = product.build(graph, [x!, y!, ...(bias ? [rest[0]!] : [])]);
        return [activate(graph, biased[0]!, attrs, rest.at(-1))];
      },
    };
  },
};

export const matmul = [batchMatMul, fusedMatMul];
