import { type GraphBuilder, type NodeProto, OnnxType } from '@crossmodal/onnx-graph';
import { floatsOf, LARGE } from './weights';

/**
 * Greatest magnitude of a quantised weight. Seven bits, not eight: processors without VNNI add pairs of products in
 * 16 bits, which 2 · 255 · 64 fits and 2 · 255 · 127 does not, and give wrong sums then without a word.
 */
const LIMIT = 64;

/** A float32 constant [rows, columns] as whole numbers and what they stand for. */
interface Quantized {
  values: Int8Array;
  scales: Float32Array;
}

/**
 * Dynamic quantisation, as of ONNX Runtime's `quantize_dynamic`: in products with a large constant matrix, the
 * matrix is int8 with a scale for each column, the other operand becomes uint8 with a scale of its own as it comes, and
 * the sums are whole numbers. Embedding tables are int8 with a scale for each row. All else stays float32.
 *
 * Jacob et al. 2018, "Quantization and training of neural networks for efficient integer-arithmetic-only inference",
 * section 2.
 */
export function quantizeDynamic(graph: GraphBuilder): void {
  const operands = new Map<string, readonly string[]>();
  const weights = new Map<string, readonly [string, string]>();
  const once = <T>(known: Map<string, T>, key: string, make: () => T): T => {
    if (!known.has(key)) known.set(key, make());
    return known.get(key)!;
  };

  const matrixOf = (name: string | undefined) => {
    const tensor = name === undefined ? undefined : graph.tensor(name);
    const values = tensor && tensor.dims.length === 2 ? floatsOf(tensor) : undefined;
    return values && values.length >= LARGE ? { values, dims: tensor!.dims as [number, number] } : undefined;
  };

  const product = ({ opType, input, attribute }: NodeProto): string[] | undefined => {
    const flag = (name: string) => attribute.some((a) => a.name === name && a.i === 1);
    const [a, b, bias] = input as [string, string, string | undefined];
    const matrix = matrixOf(b);
    if (!matrix || graph.tensor(a) || flag('transA')) return undefined;
    const turned = opType === 'Gemm' && flag('transB');
    const { values, dims } = matrix;
    const [inner, columns] = turned ? [dims[1], dims[0]] : dims;
    const [weight, scales] = once(weights, `${b} ${turned}`, () => {
      const quantized = quantizeColumns(turned ? transpose(values, columns, inner) : values, columns);
      return [
        graph.constant(
          'int8',
          [inner, columns],
          quantized.values,
          `${b}${turned ? '_turned' : ''}_quantized`,
        ),
        graph.constant('float32', [columns], quantized.scales, `${b}${turned ? '_turned' : ''}_scale`),
      ];
    });
    const [x, scale, zero] = once(operands, a, () =>
      graph.node('DynamicQuantizeLinear', [a], {}, { outputs: 3 }),
    ) as [string, string, string];
    const sums = graph.op('MatMulInteger', [x, weight, zero]);
    const floats = graph.op('Cast', [sums], { to: OnnxType.float32 });
    const y = graph.op('Mul', [floats, graph.op('Mul', [scale, scales])]);
    return [bias ? graph.op('Add', [y, bias]) : y];
  };

  const lookUp = ({ input, attribute }: NodeProto): string[] | undefined => {
    const [table, ids] = input as [string, string];
    const matrix = matrixOf(table);
    if (!matrix || attribute.some(({ name, i }) => name === 'axis' && i !== 0)) return undefined;
    const { values, dims } = matrix;
    const [rows, scales] = once(weights, `${table} rows`, () => {
      const quantized = quantizeRows(values, dims[1]);
      return [
        graph.constant('int8', dims, quantized.values, `${table}_rows_quantized`),
        graph.constant('float32', [dims[0], 1], quantized.scales, `${table}_rows_scale`),
      ];
    });
    const found = graph.op('Cast', [graph.op('Gather', [rows, ids], { axis: 0 })], { to: OnnxType.float32 });
    return [graph.op('Mul', [found, graph.op('Gather', [scales, ids], { axis: 0 })])];
  };

  graph.rewrite((node) => {
    if (node.domain !== '') return undefined;
    if (node.opType === 'MatMul' || node.opType === 'Gemm') return product(node);
    return node.opType === 'Gather' ? lookUp(node) : undefined;
  });
  graph.prune();
}

/** w ≈ q s, s = greatest |w| of its column / limit. */
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

function quantizeRows(values: Float32Array, width: number): Quantized {
  const quantized = new Int8Array(values.length);
  const scales = new Float32Array(values.length / width);
  for (let row = 0; row < scales.length; row++) {
    const of = values.subarray(row * width, (row + 1) * width);
    const greatest = of.reduce((most, x) => Math.max(most, Math.abs(x)), 0) || 1;
    const scale = greatest / 127; // rows are multiplied by nothing: all eight bits serve
    scales[row] = scale;
    for (let i = 0; i < width; i++) quantized[row * width + i] = Math.round(of[i]! / scales[row]!);
  }
  return { values: quantized, scales };
}

function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  const turned = new Float32Array(values.length);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) turned[j * rows + i] = values[i * columns + j]!;
  return turned;
}
