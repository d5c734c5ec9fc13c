import { GraphBuilder, type OnnxDType, OnnxType } from '@crossmodal/onnx-graph';
import { type Dim, formatDim, isSymbolic } from '../trace/dim';
import type { TraceGraph, TraceNode, Value } from '../trace/trace-graph';

/**
 * Which operators a graph may use: those of ONNX alone, which every runtime has (`portable`); ONNX Runtime's own beside
 * them, which are faster there; or of its own only those that its WebGPU provider has too (`webgpu`), so that the GPU does
 * the work.
 */
export type Dialect = 'portable' | 'onnxruntime' | 'webgpu';

/** A trace on its way to ONNX nodes. */
export class Lowering {
  readonly graph = new GraphBuilder();
  private readonly names = new Map<Value, string>();
  private readonly uses = new Map<Value, TraceNode[]>();
  private readonly dims = new Map<string, string>();
  private readonly shapes = new Map<string, string>();
  /** Sizes of what has a name; of reshapes what they are of, and those that there are. */
  private readonly dimensions = new Map<string, readonly Dim[]>();
  private readonly reshaped = new Map<string, string>();
  private readonly reshapes = new Map<string, string>();
  /** What kernels note about the nodes that they made, for those after them. */
  readonly notes = new Map<Value, string>();

  constructor(
    trace: TraceGraph,
    readonly dialect: Dialect,
  ) {
    for (const node of trace.nodes)
      for (const value of Object.values(node.inputs)) {
        const uses = this.uses.get(value);
        if (uses) uses.push(node);
        else this.uses.set(value, [node]);
      }
    for (const value of [...trace.outputs, ...trace.assigned.map((a) => a.value)])
      if (!this.uses.has(value)) this.uses.set(value, []);
  }

  /** Whether anything takes the value. */
  isUsed(value: Value): boolean {
    return this.uses.has(value);
  }

  name(value: Value): string {
    const known = this.names.get(value);
    if (known !== undefined) return known;
    const name = this.constant(value);
    this.setName(value, name);
    return name;
  }

  private constant({ source, shape, dtype }: Value): string {
    const { graph } = this;
    if (source.kind === 'constant') return graph.constant(dtype, shape as number[], source.values);
    if (source.kind === 'filled')
      return graph.op('Expand', [this.scalar(source.value, dtype), this.shape(shape)]);
    if (source.kind === 'sizes') {
      const numbers = graph.op('Cast', [this.shape(source.values)], { to: OnnxType[dtype] });
      return this.reshape(numbers, shape);
    }
    throw new Error('lowering: a value is used before it is made.');
  }

  setName(value: Value, name: string): void {
    this.names.set(value, name);
    if (name !== '') this.dimensions.set(name, value.shape);
  }

  /** A size by its name, as int64 [1]: to be set for each dynamic axis. */
  setDim(name: string, value: string): void {
    this.dims.set(name, value);
  }

  hasDim(name: string): boolean {
    return this.dims.has(name);
  }

  /** Sizes as int64 [rank], for Reshape, Expand and the like. */
  shape(dims: readonly Dim[]): string {
    const key = dims.map(formatDim).join();
    const known = this.shapes.get(key);
    if (known !== undefined) return known;
    const name = this.shapeOf(dims);
    this.shapes.set(key, name);
    return name;
  }

  private shapeOf(dims: readonly Dim[]): string {
    if (!dims.some(isSymbolic)) return this.graph.ints(dims as number[]);
    const parts: string[] = [];
    let run: number[] = [];
    const flush = () => {
      if (run.length > 0) parts.push(this.graph.ints(run));
      run = [];
    };
    for (const dim of dims) {
      if (!isSymbolic(dim)) run.push(dim);
      else {
        flush();
        parts.push(this.dim(dim));
      }
    }
    flush();
    return parts.length === 1 ? parts[0]! : this.graph.op('Concat', parts, { axis: 0 });
  }

  /** As int64 [1]. */
  dim(dim: Dim): string {
    if (!isSymbolic(dim)) return this.graph.ints([dim]);
    const key = formatDim(dim);
    const known = this.dims.get(key);
    if (known !== undefined) return known;
    const { graph } = this;
    const { scope } = graph;
    graph.scope = 'sizes';
    const parts = dim.terms.map(({ coefficient, names }) => {
      const factors = names.map((name) => this.dims.get(name)!);
      if (coefficient !== 1 || names.length === 0) factors.push(graph.ints([coefficient]));
      return factors.reduce((a, b) => graph.op('Mul', [a, b]));
    });
    const name = parts.reduce((a, b) => graph.op('Add', [a, b]));
    graph.scope = scope;
    this.dims.set(key, name);
    return name;
  }

  /** A reshape of a reshape is one; to the shape that there was, it is none; and two equal ones are one. */
  reshape(x: string, dims: readonly Dim[]): string {
    const from = this.reshaped.get(x) ?? x;
    const before = this.dimensions.get(from);
    if (before?.length === dims.length && before.every((dim, i) => dim === dims[i])) return from;
    const key = `${dims.map(formatDim)} ${from}`;
    const known = this.reshapes.get(key);
    if (known !== undefined) return known;
    const name = this.graph.op('Reshape', [from, this.shape(dims)]);
    this.reshaped.set(name, from);
    this.reshapes.set(key, name);
    return name;
  }

  /** The number as a constant of the type. */
  scalar(value: number, dtype: OnnxDType): string {
    if (dtype === 'float32') return this.graph.scalar(value);
    if (dtype === 'int32') return this.graph.int32s([value], []);
    if (dtype === 'bool') return this.graph.bools([value], []);
    return this.graph.ints([value], []);
  }
}
