import {
  type AttributeProto,
  encodeModel,
  type GraphProto,
  type ModelInfo,
  type NodeProto,
  type OnnxDType,
  OnnxType,
  type TensorProto,
  type ValueInfoProto,
} from './onnx-proto';

/** A float attribute: JavaScript cannot tell 1 from 1.0, and ONNX must. */
export class FloatAttribute {
  constructor(readonly value: number) {}
}
export const float = (value: number): FloatAttribute => new FloatAttribute(value);

export type Attributes = Record<string, number | string | number[] | FloatAttribute>;

/** A size, or the name of one that is known when the graph runs. */
export type Dimension = number | string;

/** An input or output. */
export interface ValueSpec {
  name: string;
  dtype: OnnxDType;
  shape: Dimension[];
}

export interface NodeOptions {
  domain?: 'com.microsoft' | 'com.microsoft.nchwc';
  outputs?: number;
}

/**
 * An output that every graph has, of a type that JavaScript has no array for. Results are written into arrays of
 * ours; the binding then makes a second copy of every one, in fresh memory, which takes several times as long as
 * the work itself. Where this output is asked for too, it comes first, and the binding gives up at it instead.
 */
export const UNREADABLE = 'unreadable';

/** Constants below this many bytes stay in the model; those in a file of their own begin at multiples of a page. */
const SMALL = 1024;
const PAGE = 4096;

/**
 * Collects the nodes of one ONNX graph. Values are known by name.
 *
 * @example
 * const graph = new GraphBuilder();
 * const x = graph.input('float32', ['batch', 8], 'x');
 * graph.output(graph.op('Relu', [x]), 'float32', ['batch', 8], 'y');
 * const bytes = graph.finish(); // an .onnx file
 */
export class GraphBuilder {
  /** Where nodes belong, such as `visionModel/layers/0`: viewers show it as a part of their names. */
  scope = '';
  private readonly graph: GraphProto = { name: 'g', node: [], initializer: [], input: [], output: [] };
  private readonly nodeOutputs = new Set<string>();
  private readonly constants = new Map<string, TensorProto>();
  private readonly scoped = new Map<string, number>();
  private count = 0;

  /** @param shape Its dimensions, or their number where all are dynamic. */
  input(
    dtype: OnnxDType,
    shape: number | readonly Dimension[],
    name = `i${this.graph.input.length}`,
  ): string {
    this.graph.input.push(valueInfo(name, dtype, shape));
    return name;
  }

  /** A node with one output; returns the output's name. Inputs that are undefined are left out. */
  op(
    opType: string,
    inputs: readonly (string | undefined)[],
    attributes: Attributes = {},
    domain: NodeOptions['domain'] | '' = '',
  ): string {
    const given = inputs.filter((input) => input !== undefined);
    return this.node(opType, given, attributes, domain ? { domain } : {})[0]!;
  }

  node(
    opType: string,
    input: string[],
    attributes: Attributes,
    { domain, outputs = 1 }: NodeOptions,
  ): string[] {
    const output = Array.from({ length: outputs }, () => this.nameFor(opType));
    const attribute = Object.entries(attributes).map(([name, value]) => attributeProto(name, value));
    this.addNode({ opType, domain: domain ?? '', name: output[0]!, input, output, attribute });
    return output;
  }

  /** Constants: `ints` are int64, as ONNX wants its shapes and axes; `floats` are float32. */
  ints(values: number[], dims: number[] = [values.length]): string {
    return this.constant('int64', dims, BigInt64Array.from(values, BigInt));
  }
  floats(values: number[], dims: number[] = [values.length]): string {
    return this.constant('float32', dims, Float32Array.from(values));
  }
  scalar(value: number): string {
    return this.floats([value], []);
  }
  bools(values: number[], dims: number[] = [values.length]): string {
    return this.constant('bool', dims, Uint8Array.from(values));
  }
  int32s(values: number[], dims: number[] = [values.length]): string {
    return this.constant('int32', dims, Int32Array.from(values));
  }
  /** Values of a tensor, float32. */
  weights(values: Float32Array, dims: readonly number[]): string {
    return this.constant('float32', [...dims], values);
  }
  /** A constant of any type, under a name of its own. */
  constant(
    dtype: OnnxDType,
    dims: readonly number[],
    values: ArrayBufferView,
    name = `c${this.count++}`,
  ): string {
    const rawData = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const tensor = { name, dims: [...dims], dataType: OnnxType[dtype], rawData };
    this.graph.initializer.push(tensor);
    this.constants.set(name, tensor);
    return name;
  }

  /** Declares an output; returns the name under which it can be fetched. */
  output(value: string, dtype: OnnxDType, shape: number | readonly Dimension[], as?: string): string {
    let name = value;
    if (as !== undefined) {
      name = as;
      this.addNode({ opType: 'Identity', domain: '', name, input: [value], output: [name], attribute: [] });
    } else if (!this.nodeOutputs.has(value) || this.graph.output.some((o) => o.name === value)) {
      name = this.op('Identity', [value]);
    }
    this.graph.output.push(valueInfo(name, dtype, shape));
    return name;
  }

  /** What it takes. */
  get inputs(): ValueSpec[] {
    return this.graph.input.map(specOf);
  }

  /** What it gives. */
  get outputs(): ValueSpec[] {
    return this.graph.output.map(specOf);
  }

  /** The constant of this name. */
  tensor(name: string): TensorProto | undefined {
    return this.constants.get(name);
  }

  /** Bytes of all constants. */
  get constantBytes(): number {
    return this.graph.initializer.reduce((sum, { rawData }) => sum + rawData.byteLength, 0);
  }

  /**
   * Goes through the nodes in order, to put others in the place of some.
   *
   * @param by Adds the nodes that are to come before the one given, whose inputs it may change; where it returns names,
   *   one for each of the node's outputs, they take its place. What it adds has the node's name for a scope.
   */
  rewrite(by: (node: NodeProto) => readonly string[] | undefined): void {
    const nodes = this.graph.node;
    const replaced = new Map<string, string>();
    const last = (name: string) => replaced.get(name) ?? name;
    this.graph.node = [];
    for (const node of nodes) {
      this.scope = node.name;
      const current = { ...node, input: node.input.map(last) };
      const outputs = by(current);
      if (outputs) for (const [i, name] of node.output.entries()) replaced.set(name, outputs[i]!);
      else this.graph.node.push(current);
    }
    this.scope = '';
    for (const { name } of this.graph.output)
      if (replaced.has(name))
        this.addNode({
          opType: 'Identity',
          domain: '',
          name,
          input: [last(name)],
          output: [name],
          attribute: [],
        });
  }

  /** Takes out nodes and constants that no output needs. */
  prune(): void {
    const needed = new Set(this.graph.output.map(({ name }) => name));
    const kept: GraphProto['node'] = [];
    for (const node of this.graph.node.toReversed()) {
      if (!node.output.some((name) => needed.has(name))) continue;
      for (const name of node.input) needed.add(name);
      kept.push(node);
    }
    this.graph.node = kept.reverse();
    this.graph.initializer = this.graph.initializer.filter(({ name }) => needed.has(name));
  }

  /** The bytes of an `.onnx` file. */
  finish(info?: ModelInfo): Uint8Array {
    return encodeModel(this.graph, info);
  }

  /**
   * As {@link finish}, with the large constants in a file of their own, as ONNX's external data: a model of two GiB
   * and more cannot be one file.
   *
   * @param file Its name, in the folder of the model.
   * @returns The model, and what the file holds, part after part.
   */
  finishWithData(file: string, info?: ModelInfo): { model: Uint8Array; data: Uint8Array[] } {
    const data: Uint8Array[] = [];
    let offset = 0;
    const initializer = this.graph.initializer.map((tensor) => {
      const { rawData, ...rest } = tensor;
      if (rawData.byteLength < SMALL) return tensor;
      const padding = -offset & (PAGE - 1);
      if (padding > 0) data.push(new Uint8Array(padding));
      data.push(rawData);
      const entries = { location: file, offset: offset + padding, length: rawData.byteLength };
      offset += padding + rawData.byteLength;
      const externalData = Object.entries(entries).map(([key, value]) => ({ key, value: `${value}` }));
      return { ...rest, dataLocation: 1, externalData };
    });
    return { model: encodeModel({ ...this.graph, initializer }, info), data };
  }

  /** Adds {@link UNREADABLE}, as the first output. */
  addUnreadable(): void {
    const type = { tensorType: { elemType: 16, shape: { dim: [{ dimParam: 'one' }] } } };
    this.graph.initializer.push({ name: 'bfloat16', dims: [1], dataType: 16, rawData: new Uint8Array(2) });
    const node = { opType: 'Identity', domain: '', name: UNREADABLE, attribute: [] };
    this.graph.node.push({ ...node, input: ['bfloat16'], output: [UNREADABLE] });
    this.graph.output.unshift({ name: UNREADABLE, type });
  }

  private addNode(node: GraphProto['node'][number]): void {
    this.graph.node.push(node);
    for (const name of node.output) this.nodeOutputs.add(name);
  }

  private nameFor(opType: string): string {
    if (this.scope === '') return `v${this.count++}`;
    const name = `${this.scope}/${opType}`;
    const times = this.scoped.get(name) ?? 0;
    this.scoped.set(name, times + 1);
    return times === 0 ? name : `${name}_${times}`;
  }
}

function attributeProto(name: string, value: Attributes[string]): AttributeProto {
  if (value instanceof FloatAttribute) return { name, type: 1, f: value.value };
  if (typeof value === 'string') return { name, type: 3, s: new TextEncoder().encode(value) };
  if (Array.isArray(value)) return { name, type: 7, ints: value };
  return { name, type: 2, i: value };
}

function valueInfo(name: string, dtype: OnnxDType, shape: number | readonly Dimension[]) {
  const dims =
    typeof shape === 'number' ? Array.from({ length: shape }, (_, axis) => `${name}_${axis}`) : shape;
  const dim = dims.map((size) => (typeof size === 'string' ? { dimParam: size } : { dimValue: size }));
  return { name, type: { tensorType: { elemType: OnnxType[dtype], shape: { dim } } } };
}

function specOf({ name, type: { tensorType } }: ValueInfoProto): ValueSpec {
  const [dtype] = Object.entries(OnnxType).find(([, number]) => number === tensorType.elemType)!;
  const shape = tensorType.shape.dim.map((dim) => ('dimParam' in dim ? dim.dimParam : dim.dimValue));
  return { name, dtype: dtype as OnnxDType, shape };
}
