import { hostTensorFromValues } from '@crossmodal/core';
import { type GraphBuilder, OnnxType } from '@crossmodal/onnx-graph';
import { floatsOf, LARGE, WeightCache } from './weights';

/** The greatest of IEEE halves. */
const GREATEST = 65504;

/**
 * Stores large weights as halves, which are cast to float32 where they are used: the file has half the size, and
 * what it computes is float32 on every runtime (ONNX Runtime does the casts once, when it loads the file). Weights
 * beyond the range of halves are left as they are.
 *
 * @returns Does it to a graph.
 */
export function halveWeights(): (graph: GraphBuilder) => void {
  const cache = new WeightCache<Uint8Array | undefined>();
  return (graph) => {
    const casts = new Map<string, string>();
    const cast = (name: string): string => {
      const known = casts.get(name);
      if (known !== undefined) return known;
      const tensor = graph.tensor(name);
      const values = tensor && floatsOf(tensor);
      if (!tensor || !values || values.length < LARGE) return name;
      const halves = cache.get(tensor, '', () =>
        values.every((x) => Math.abs(x) <= GREATEST)
          ? hostTensorFromValues(values, tensor.dims, 'F16').bytes
          : undefined,
      );
      if (!halves) return name;
      tensor.rawData = halves;
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
  };
}
