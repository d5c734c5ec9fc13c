import { hostTensorFromValues } from '@crossmodal/core';
import { type GraphBuilder, OnnxType } from '@crossmodal/onnx-graph';
import { floatsOf, LARGE } from './weights';

/** The greatest of IEEE halves. */
const GREATEST = 65504;

/**
 * Stores large weights as halves, which are cast to float32 where they are used: the file has half the size, and
 * what it computes is float32 on every runtime (ONNX Runtime does the casts once, when it loads the file). Weights
 * beyond the range of halves are left as they are.
 */
export function halveWeights(graph: GraphBuilder): void {
  const casts = new Map<string, string>();
  const cast = (name: string): string => {
    const known = casts.get(name);
    if (known !== undefined) return known;
    const tensor = graph.tensor(name);
    const values = tensor && floatsOf(tensor);
    if (!tensor || !values || values.length < LARGE || values.some((x) => Math.abs(x) > GREATEST))
      return name;
    const { bytes } = hostTensorFromValues(values, tensor.dims, 'F16');
    tensor.rawData = bytes;
    tensor.dataType = OnnxType.float16;
    graph.scope = name;
    const widened = graph.op('Cast', [name], { to: OnnxType.float32 });
    casts.set(name, widened);
    return widened;
  };
  graph.rewrite((node) => {
    node.input = node.input.map(cast);
    return undefined;
  });
}
