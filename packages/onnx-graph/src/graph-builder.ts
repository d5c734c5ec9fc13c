import { type AttributeProto, encodeModel, type GraphProto, type OnnxDType, OnnxType } from './onnx-proto';

/** A float attribute: JavaScript cannot tell 1 from 1.0, and ONNX must. */
export class FloatAttribute {
  constructor(readonly value: number) {}
}
export const float = (value: number): FloatAttribute => new FloatAttribute(value);

export type Attributes = Record<string, number | string | number[] | FloatAttribute>;

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

/** Collects the nodes of one ONNX graph. Values are known by name; every dimension of an input is dynamic. */
export class GraphBuilder {
  private readonly graph: GraphProto = { name: 'g', node: [], initializer: [], input: [], output: [] };
  private count = 0;

  input(dtype: OnnxDType, rank: number): string {
    const name = `i${this.graph.input.length}`;
    this.graph.input.push(valueInfo(name, dtype, rank));
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
    const output = Array.from({ length: outputs }, () => `v${this.count++}`);
    const attribute = Object.entries(attributes).map(([name, value]) => attributeProto(name, value));
    this.graph.node.push({ opType, domain: domain ?? '', name: output[0]!, input, output, attribute });
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
  private constant(dtype: OnnxDType, dims: number[], values: ArrayBufferView): string {
    const name = `c${this.count++}`;
    const rawData = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.graph.initializer.push({ name, dims, dataType: OnnxType[dtype], rawData });
    return name;
  }

  /** Declares an output; returns the name under which it can be fetched. */
  output(value: string, dtype: OnnxDType, rank: number): string {
    const isNodeOutput = value.startsWith('v') && !this.graph.output.some((o) => o.name === value);
    const name = isNodeOutput ? value : this.op('Identity', [value]);
    this.graph.output.push(valueInfo(name, dtype, rank));
    return name;
  }

  /** The model, with {@link UNREADABLE} as its first output. */
  finish(): Uint8Array {
    const constant = { name: 'bfloat16', dims: [1], dataType: 16, rawData: new Uint8Array(2) };
    const identity = { opType: 'Identity', domain: '', name: UNREADABLE, attribute: [] };
    const type = { tensorType: { elemType: 16, shape: { dim: [{ dimParam: 'one' }] } } };
    return encodeModel({
      ...this.graph,
      node: [...this.graph.node, { ...identity, input: [constant.name], output: [UNREADABLE] }],
      initializer: [...this.graph.initializer, constant],
      output: [{ name: UNREADABLE, type }, ...this.graph.output],
    });
  }
}

function attributeProto(name: string, value: Attributes[string]): AttributeProto {
  if (value instanceof FloatAttribute) return { name, type: 1, f: value.value };
  if (typeof value === 'string') return { name, type: 3, s: new TextEncoder().encode(value) };
  if (Array.isArray(value)) return { name, type: 7, ints: value };
  return { name, type: 2, i: value };
}

function valueInfo(name: string, dtype: OnnxDType, rank: number) {
  const dim = Array.from({ length: rank }, (_, axis) => ({ dimParam: `${name}_${axis}` }));
  return { name, type: { tensorType: { elemType: OnnxType[dtype], shape: { dim } } } };
}
