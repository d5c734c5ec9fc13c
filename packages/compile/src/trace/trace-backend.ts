import {
  type BackendValues,
  type DataType,
  KernelBackend,
  type NamedAttrMap,
  type TensorInfo,
  util,
  Variable,
} from '@tensorflow/tfjs-core';
import { TraceError } from '../errors';
import type { Abstract, Capture, DType, TraceGraph, TraceNode, TypedArray, Value } from './trace-graph';

/** What a kernel is when it is recorded; `infer` says what comes out. */
export interface Recorded {
  kernelName: string;
  settle?(
    inputs: Readonly<Record<string, Value>>,
    attrs: Readonly<Record<string, unknown>>,
  ): Readonly<Record<string, unknown>>;
  infer(
    inputs: Readonly<Record<string, Value>>,
    attrs: Readonly<Record<string, unknown>>,
  ): Abstract | readonly Abstract[];
  /** Inputs that it writes in place; what they hold then are its last outputs, in this order. */
  writes?: readonly string[];
}

/**
 * TensorFlow.js backend that records kernels instead of computing them. Its tensors are {@link Value}s; what is
 * known of them is their shape and type, and of constants what they hold.
 */
export class TraceBackend extends KernelBackend {
  readonly graph: TraceGraph = {
    inputs: [],
    random: { generators: 0, events: [], values: [] },
    captures: [],
    nodes: [],
    outputs: [],
    assigned: [],
  };
  /** Path of the module whose forward pass runs. */
  scope = '';
  private readonly values = new WeakMap<object, Value>();
  private readonly captured = new Map<object, Capture>();
  private readonly current = new Map<Variable, Value>();

  /** A tensor that stands for the value. */
  tensorFor(value: Value): TensorInfo {
    const dataId = {};
    this.values.set(dataId, value);
    return { dataId, shape: value.shape as number[], dtype: value.dtype };
  }

  /** The value of a tensor; one from outside is captured. */
  valueFor(tensor: TensorInfo): Value {
    const variable = tensor instanceof Variable ? tensor : undefined;
    const assigned = variable && this.current.get(variable);
    if (assigned) return assigned;
    return this.values.get(tensor.dataId) ?? this.capture(tensor, variable).value;
  }

  recordAssign(variable: Variable, to: TensorInfo): void {
    if (this.values.has(variable.dataId))
      throw new TraceError(
        'compile: a variable that is made while the function is traced is assigned to. Make it before: an optimizer ' +
          'has its variables after a first step.',
      );
    const value = this.valueFor(to);
    const capture = this.capture(variable, variable);
    this.graph.assigned = this.graph.assigned.filter((a) => a.capture !== capture);
    this.graph.assigned.push({ capture, value });
    this.current.set(variable, value);
  }

  private capture(tensor: TensorInfo, variable: Variable | undefined): Capture {
    const known = this.captured.get(variable ?? tensor.dataId);
    if (known) return known;
    const { dataId, shape } = tensor;
    const source = { kind: 'captured' } as { kind: 'captured'; capture: Capture };
    const value: Value = { shape, dtype: checkDType(tensor.dtype, 'a tensor from outside'), source };
    source.capture = { dataId, variable, value };
    this.captured.set(variable ?? dataId, source.capture);
    this.graph.captures.push(source.capture);
    return source.capture;
  }

  /** Notes a call of the kernel. */
  record(kernel: Recorded, inputs: Readonly<Record<string, TensorInfo>>, attrs: NamedAttrMap): TensorInfo[] {
    const given: Record<string, Value> = {};
    for (const [name, tensor] of Object.entries(inputs))
      if (tensor !== undefined && tensor !== null) given[name] = this.valueFor(tensor);
    const settled = kernel.settle?.(given, attrs) ?? attrs;
    const results = [kernel.infer(given, settled)].flat() as Abstract[];
    const node: TraceNode = {
      kernel: kernel.kernelName,
      inputs: given,
      attrs: settled,
      outputs: [],
      scope: this.scope,
    };
    for (const [output, { shape, dtype }] of results.entries())
      node.outputs.push({ shape, dtype, source: { kind: 'node', node, output } });
    this.graph.nodes.push(node);
    for (const [i, name] of (kernel.writes ?? []).entries())
      this.values.set(inputs[name]!.dataId, node.outputs.at(i - kernel.writes!.length)!);
    return node.outputs.map((value) => this.tensorFor(value));
  }

  override write(values: BackendValues, shape: number[], dtype: DataType): object {
    const size = util.sizeFromShape(shape);
    const type = checkDType(dtype, 'a constant');
    const held = values ? ARRAYS[type].from(values as never) : new ARRAYS[type](size);
    return this.tensorFor({ shape, dtype: type, source: { kind: 'constant', values: held as TypedArray } })
      .dataId;
  }

  override readSync(dataId: object): BackendValues {
    const value = this.values.get(dataId);
    if (value?.source.kind === 'constant') return value.source.values;
    throw new TraceError(
      `compile: the values of ${describe(value)} are read while the function is traced, when only shapes are known. ` +
        'Compute with tensors instead of numbers (tf.where in place of if), or read them outside of the function.',
    );
  }

  override async read(dataId: object): Promise<BackendValues> {
    return this.readSync(dataId);
  }

  override disposeData(): boolean {
    return true;
  }
  override incRef(): void {}
  override refCount(): number {
    return 1;
  }
  override numDataIds(): number {
    return 0;
  }
  override move(): never {
    throw new TraceError('compile: a tensor is moved to the tracing backend.');
  }
  override memory() {
    return { unreliable: true };
  }
  override floatPrecision(): 32 {
    return 32;
  }
  override epsilon(): number {
    return 1e-7;
  }
  override timerAvailable(): boolean {
    return false;
  }
  override dispose(): void {}
}

const ARRAYS = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

function checkDType(dtype: DataType, what: string): DType {
  if (dtype === 'float32' || dtype === 'int32' || dtype === 'bool') return dtype;
  throw new TraceError(`compile: ${what}: expected dtype float32, int32 or bool, received ${dtype}.`);
}

function describe(value: Value | undefined): string {
  if (value?.source.kind === 'node') {
    const { kernel, scope } = value.source.node;
    return `a result of ${kernel}${scope && ` in ${scope}`} [${value.shape.join(', ')}]`;
  }
  if (value?.source.kind === 'input') return `input ${value.source.index} [${value.shape.join(', ')}]`;
  return `a tensor [${value?.shape.join(', ')}]`;
}
