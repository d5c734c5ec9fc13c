import { type GraphBuilder, type NodeProto, OnnxType, type TensorProto } from '@crossmodal/onnx-graph';
import { floatsOf, LARGE, WeightCache } from './weights';

/**
 * Greatest magnitude of a quantised weight. Seven bits, not eight: processors without VNNI add pairs of products in
 * 16 bits, which 2 · 255 · 64 fits and 2 · 255 · 127 does not, and give wrong sums then without a word.
 */
const LIMIT = 64;

/** A matrix as whole numbers with a scale for each column, or for each row: w ≈ q s. */
interface Quantized {
  values: Int8Array;
  scales: Float32Array;
}

/** Names of a matrix's whole numbers and scales in the graph. */
type Names = readonly [values: string, scales: string];

/**
 * Dynamic quantisation, as of ONNX Runtime's `quantize_dynamic`: in products with a large constant matrix, the
 * matrix is int8 with a scale for each column, the other operand becomes uint8 with a scale of its own as it comes, and
 * the sums are whole numbers. Embedding tables are int8 with a scale for each row. All else stays float32.
 *
 * Jacob et al. 2018, "Quantization and training of neural networks for efficient integer-arithmetic-only inference",
 * section 2.
 *
 * @returns Does it to a graph.
 */
export function quantizeDynamic(): (graph: GraphBuilder) => void {
  const cache = new WeightCache<Quantized>();
  return (graph) => {
    const operands = new Map<string, string[]>();
    const weights = new Map<string, Names>();
    graph.rewrite((node) => {
      if (node.domain !== '') return undefined;
      if (node.opType === 'MatMul' || node.opType === 'Gemm') return product(node);
      return node.opType === 'Gather' ? lookUp(node) : undefined;
    });
    graph.prune();

    function product({ opType, input, attribute }: NodeProto): string[] | undefined {
      const flag = (name: string) => attribute.some((a) => a.name === name && a.i === 1);
      const [a, b, bias] = input as [string, string, string | undefined];
      const isTurned = flag('transB');
      const tensor = matrix(b);
      // Only the Gemms of our own kernels come here: without factors, and with a bias of one row.
      if (!tensor || graph.tensor(a) || (opType === 'Gemm' && flag('transA'))) return undefined;
      const [weight, scales] = quantized(tensor, isTurned ? 'turned' : 'columns');
      const [x, scale, zero] = once(operands, a, () =>
        graph.node('DynamicQuantizeLinear', [a], {}, { outputs: 3 }),
      ) as [string, string, string];
      const sums = graph.op('Cast', [graph.op('MatMulInteger', [x, weight, zero])], { to: OnnxType.float32 });
      const y = graph.op('Mul', [sums, graph.op('Mul', [scale, scales])]);
      return [bias ? graph.op('Add', [y, bias]) : y];
    }

    function lookUp({ input, attribute }: NodeProto): string[] | undefined {
      const [table, ids] = input as [string, string];
      const tensor = matrix(table);
      if (!tensor || attribute.some(({ name, i }) => name === 'axis' && i !== 0)) return undefined;
      const [rows, scales] = quantized(tensor, 'rows');
      const found = graph.op('Cast', [graph.op('Gather', [rows, ids])], { to: OnnxType.float32 });
      return [graph.op('Mul', [found, graph.op('Gather', [scales, ids])])];
    }

    /** A constant matrix that is worth it. */
    function matrix(name: string): TensorProto | undefined {
      const tensor = graph.tensor(name);
      return tensor?.dims.length === 2 && (floatsOf(tensor)?.length ?? 0) >= LARGE ? tensor : undefined;
    }

    function quantized(tensor: TensorProto, by: 'columns' | 'turned' | 'rows'): Names {
      const name = by === 'columns' ? tensor.name : `${tensor.name}_${by}`;
      return once(weights, name, () => {
        const [rows, columns] = tensor.dims as [number, number];
        const { values, scales } = cache.get(tensor, by, () => {
          const floats = floatsOf(tensor)!;
          if (by === 'rows') return quantizeRows(floats, columns);
          return by === 'columns'
            ? quantizeColumns(floats, columns)
            : quantizeColumns(transpose(floats, rows, columns), rows);
        });
        return [
          graph.constant(
            'int8',
            by === 'turned' ? [columns, rows] : [rows, columns],
            values,
            `${name}_quantized`,
          ),
          graph.constant('float32', by === 'rows' ? [rows, 1] : [scales.length], scales, `${name}_scale`),
        ];
      });
    }
  };
}

function once<T>(known: Map<string, T>, key: string, make: () => T): T {
  if (!known.has(key)) known.set(key, make());
  return known.get(key)!;
}

/** A column's scale is its greatest magnitude / {@link LIMIT}. */
function quantizeColumns(values: Float32Array, columns: number): Quantized {
  const greatest = new Float32Array(columns);
  for (let i = 0, j = 0; i < values.length; i++) {
    const magnitude = Math.abs(values[i]!);
    if (magnitude > greatest[j]!) greatest[j] = magnitude;
    if (++j === columns) j = 0;
  }
  const scales = greatest.map((x) => (x || 1) / LIMIT);
  const quantized = new Int8Array(values.length);
  for (let i = 0, j = 0; i < values.length; i++) {
    quantized[i] = Math.round(values[i]! / scales[j]!);
    if (++j === columns) j = 0;
  }
  return { values: quantized, scales };
}

/** A row's scale is its greatest magnitude / 127: rows are multiplied by nothing, so all eight bits serve. */
function quantizeRows(values: Float32Array, width: number): Quantized {
  const quantized = new Int8Array(values.length);
  const scales = new Float32Array(values.length / width);
  for (let row = 0; row < scales.length; row++) {
    const [from, to] = [row * width, (row + 1) * width];
    let greatest = 0;
    for (let i = from; i < to; i++) greatest = Math.max(greatest, Math.abs(values[i]!));
    scales[row] = (greatest || 1) / 127;
    for (let i = from; i < to; i++) quantized[i] = Math.round(values[i]! / scales[row]!);
  }
  return { values: quantized, scales };
}

function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  const turned = new Float32Array(values.length);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) turned[j * rows + i] = values[i * columns + j]!;
  return turned;
}
