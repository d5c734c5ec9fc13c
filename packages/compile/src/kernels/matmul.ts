import { activate } from '@crossmodal/onnx-graph';
import { backend_util, broadcast_util } from '@tensorflow/tfjs-core';
import { type Attrs, type Inputs, listOf, sizes, type TraceKernel } from '../kernel';
import type { Lowering } from '../lower/lowering';
import type { Abstract, TraceNode, Value } from '../trace/trace-graph';

function inferProduct({ a, b }: Inputs, { transposeA, transposeB }: Attrs): Abstract {
  const [rows, inner] = (transposeA ? [-1, -2] : [-2, -1]).map((axis) => sizes(a!).at(axis)!);
  const [innerB, columns] = (transposeB ? [-1, -2] : [-2, -1]).map((axis) => sizes(b!).at(axis)!);
  if (inner !== innerB)
    throw new Error(
      `Error in matMul: inner shapes (${inner}) and (${innerB}) of [${a!.shape}] and [${b!.shape}].`,
    );
  const batch = broadcast_util.assertAndGetBroadcastShape(sizes(a!).slice(0, -2), sizes(b!).slice(0, -2));
  return { shape: [...batch, rows!, columns!], dtype: a!.dtype };
}

/** Whether it is one matrix. */
const isMatrix = ({ shape }: Value) => shape.slice(0, -2).every((size) => size === 1);

function product(
  lowering: Lowering,
  { a, b, bias }: Readonly<Record<string, string>>,
  { inputs, attrs, outputs }: TraceNode,
): string {
  const { graph, dialect } = lowering;
  const [transA, transB] = [attrs['transposeA'] ? 1 : 0, attrs['transposeB'] ? 1 : 0];
  const matrix = (name: string, value: Value) =>
    value.shape.length === 2 ? name : lowering.reshape(name, value.shape.slice(-2));
  if (isMatrix(inputs['a']!) && isMatrix(inputs['b']!)) {
    const operands = [matrix(a!, inputs['a']!), matrix(b!, inputs['b']!)];
    const fits = bias !== undefined && inputs['bias']!.shape.length <= 1;
    let y = graph.op('Gemm', [...operands, ...(fits ? [bias] : [])], { transA, transB });
    if (bias !== undefined && !fits) y = graph.op('Add', [y, bias]);
    return outputs[0]!.shape.length === 2 ? y : lowering.reshape(y, outputs[0]!.shape);
  }
  const turned = (name: string, value: Value, turn: number) => {
    if (!turn) return name;
    const rank = value.shape.length;
    const perm = Array.from({ length: rank }, (_, i) => (i < rank - 2 ? i : 2 * rank - 3 - i));
    return graph.op('Transpose', [name], { perm });
  };
  const y =
    dialect === 'onnxruntime' && (transA || transB)
      ? graph.op('FusedMatMul', [a!, b!], { transA, transB }, 'com.microsoft')
      : graph.op('MatMul', [turned(a!, inputs['a']!, transA), turned(b!, inputs['b']!, transB)]);
  return bias === undefined ? y : graph.op('Add', [y, bias]);
}

const batchMatMul: TraceKernel = {
  kernelName: 'BatchMatMul',
  infer: inferProduct,
  nodes: product,
};

const fusedMatMul: TraceKernel = {
  kernelName: '_FusedMatMul',
  infer: inferProduct,
  nodes(lowering, inputs, node) {
    return activate(
      lowering.graph,
      product(lowering, inputs, node),
      node.attrs,
      inputs['preluActivationWeights'],
    );
  },
};

const einsum: TraceKernel = {
  kernelName: 'Einsum',
  infer(inputs, { equation }) {
    const operands = listOf(inputs);
    const { allDims, summedDims, idDims } = backend_util.decodeEinsumEquation(
      equation as string,
      operands.length,
    );
    backend_util.checkEinsumDimSizes(allDims.length, idDims, operands as never);
    const kept = allDims.length - summedDims.length;
    // Names are numbered as they come out, and then as they are summed.
    const shape = Array.from({ length: kept }, (_, dim) => {
      const operand = idDims.findIndex((dims) => dims.includes(dim));
      return operands[operand]!.shape[idDims[operand]!.indexOf(dim)]!;
    });
    return { shape, dtype: operands[0]!.dtype };
  },
  nodes: ({ graph }, inputs, { attrs }) =>
    graph.op('Einsum', listOf(inputs), { equation: attrs['equation'] as string }),
};

export const matmul = [batchMatMul, fusedMatMul, einsum];
