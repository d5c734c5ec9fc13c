import { type GraphBuilder, geluDerivative, geluForward, OnnxType } from '@crossmodal/onnx-graph';
import { like, sizes, type TraceKernel } from '../kernel';
import type { Lowering } from '../lower/lowering';
import type { Dim } from '../trace/dim';
import { attentions } from './attention';
import { norms } from './norm';

/** ONNX's own operators; `quick` has none. */
const portableGelu: Record<string, (graph: GraphBuilder, x: string) => string> = {
  erf: (graph, x) => graph.op('Gelu', [x]),
  tanh: (graph, x) => graph.op('Gelu', [x], { approximate: 'tanh' }),
  quick: (graph, x) => graph.op('Mul', [x, graph.op('Sigmoid', [graph.op('Mul', [x, graph.scalar(1.702)])])]),
};

const gelu: TraceKernel = {
  kernelName: 'FusedGelu',
  infer: ({ x }) => like(x!),
  nodes: ({ graph, dialect }, { x }, { attrs }) =>
    (dialect === 'portable' ? portableGelu : geluForward)[attrs['variant'] as string]!(graph, x!),
};

const geluGrad: TraceKernel = {
  kernelName: 'FusedGeluGrad',
  infer: ({ x }) => like(x!),
  nodes: ({ graph }, { dy, x }, { attrs }) =>
    graph.op('Mul', [geluDerivative[attrs['variant'] as string]!(graph, x!), dy!]),
};

const squaredNorm: TraceKernel = {
  kernelName: 'SquaredNorm',
  infer: () => ({ shape: [], dtype: 'float32' }),
  nodes: ({ graph }, { x }) => graph.op('ReduceSumSquare', [x!], { keepdims: 0 }),
};

const embeddingGrad: TraceKernel = {
  kernelName: 'EmbeddingGrad',
  infer: ({ dy }, { numEmbeddings }) => ({
    shape: [numEmbeddings as number, sizes(dy!).at(-1)!],
    dtype: 'float32',
  }),
  nodes(lowering, { dy, ids }, { attrs, outputs }) {
    const { graph } = lowering;
    let rows = dy!;
    const padding = attrs['paddingIndex'] as number;
    if (padding >= 0) {
      const isReal = graph.op('Not', [graph.op('Equal', [ids!, graph.int32s([padding], [])])]);
      const keep = graph.op('Unsqueeze', [
        graph.op('Cast', [isReal], { to: OnnxType.float32 }),
        graph.ints([1]),
      ]);
      rows = graph.op('Mul', [rows, keep]);
    }
    return scatterRows(lowering, rows, ids!, outputs[0]!.shape);
  },
};

/** Rows added up by id into zeros of the shape. */
function scatterRows(lowering: Lowering, rows: string, ids: string, shape: readonly Dim[]): string {
  const { graph } = lowering;
  const zeros = graph.op('Expand', [graph.scalar(0), lowering.shape(shape)]);
  const places = graph.op('Unsqueeze', [graph.op('Cast', [ids], { to: OnnxType.int64 }), graph.ints([1])]);
  return graph.op('ScatterND', [zeros, places, rows], { reduction: 'add' });
}

export const fused = [...norms, gelu, geluGrad, ...attentions, squaredNorm, embeddingGrad];
