import type { GraphBuilder, NodeProto, TensorProto } from '@crossmodal/onnx-graph';
import { floatsOf } from './weights';

/**
 * Weights are in the file as the products and convolutions take them, where they would be turned each time that it is
 * loaded: the filter of a convolution is in PyTorch's order then, as its key says.
 */
export function foldWeights(graph: GraphBuilder): void {
  const uses = new Map<string, number>();
  graph.rewrite(({ input }) => {
    for (const name of input) uses.set(name, (uses.get(name) ?? 0) + 1);
    return undefined;
  });
  graph.rewrite((node) => {
    if (node.opType !== 'Transpose' && node.opType !== 'Reshape') return undefined;
    const name = node.input[0]!;
    const tensor = graph.tensor(name);
    const values = tensor && floatsOf(tensor);
    if (!tensor || !values || uses.get(name) !== 1) return undefined;
    if (node.opType === 'Reshape') {
      const shape = shapeOf(graph.tensor(node.input[1]!), values.length);
      if (!shape) return undefined;
      tensor.dims = shape;
    } else turn(tensor, values, permutation(node, tensor.dims.length));
    return [name];
  });
  graph.prune();
}

/** Nothing where it is no constant. */
function shapeOf(tensor: TensorProto | undefined, size: number): number[] | undefined {
  if (!tensor) return undefined;
  const { buffer, byteOffset, byteLength } = tensor.rawData;
  const shape = Array.from(new BigInt64Array(buffer, byteOffset, byteLength / 8), Number);
  const known = shape.reduce((product, length) => (length === -1 ? product : product * length), 1);
  return shape.includes(0) ? undefined : shape.map((length) => (length === -1 ? size / known : length));
}

function permutation({ attribute }: NodeProto, rank: number): number[] {
  const given = attribute.find(({ name }) => name === 'perm')?.ints;
  return given ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
}

function turn(tensor: TensorProto, values: Float32Array, perm: readonly number[]): void {
  const { dims } = tensor;
  const strides = dims.map((_, axis) => dims.slice(axis + 1).reduce((a, b) => a * b, 1));
  const [shape, steps] = [perm.map((axis) => dims[axis]!), perm.map((axis) => strides[axis]!)];
  const turned = new Float32Array(values.length);
  const at = shape.map(() => 0);
  for (let i = 0, from = 0; i < turned.length; i++) {
    turned[i] = values[from]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += steps[axis]!;
      if (++at[axis]! < shape[axis]!) break;
      from -= steps[axis]! * shape[axis]!;
      at[axis] = 0;
    }
  }
  tensor.dims = shape;
  tensor.rawData = new Uint8Array(turned.buffer);
}
