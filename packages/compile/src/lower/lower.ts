import { type Dimension, type GraphBuilder, OnnxType } from '@crossmodal/onnx-graph';
import * as tf from '@tensorflow/tfjs-core';
import { kernels } from '../kernels';
import { type Dim, formatDim, isSymbolic } from '../trace/dim';
import type { Capture, TraceGraph, TypedArray, Value } from '../trace/trace-graph';
import { typedValues } from '../typed-values';
import { type Dialect, Lowering } from './lowering';

const byName = new Map(kernels.map((kernel) => [kernel.kernelName, kernel]));

/** A trace as ONNX graph, with its inputs and outputs in order. */
export interface Lowered {
  graph: GraphBuilder;
  outputNames: string[];
}

export interface LowerOptions {
  /** What the graph takes, in this order; captured values among them are no constants then. */
  inputs: readonly Value[];
  /** What it gives. */
  outputs: readonly Value[];
  dialect: Dialect;
  /** Inputs, int32 [1], that say what a size is. */
  givenSizes?: ReadonlyMap<string, Value> | undefined;
  /** Names of its inputs and outputs. Default: `i0`, `i1`, ..., and whatever its nodes are called. */
  inputNames?: readonly string[] | undefined;
  outputNames?: readonly string[] | undefined;
  /** What a captured tensor holds. Default: {@link heldBy}. */
  captureValues?: ((capture: Capture) => TypedArray) | undefined;
  /** The name of a constant. */
  captureName?: ((capture: Capture) => string | undefined) | undefined;
  /** Inputs of images [batch, height, width, channels] that are [batch, channels, height, width] outside. */
  channelsFirst?: ReadonlySet<Value> | undefined;
  /** Whether int32 inputs and outputs are int64 outside, as most models in files have them. Default false. */
  wideIntegers?: boolean | undefined;
}

/** A trace as ONNX nodes. */
export function lower(trace: TraceGraph, options: LowerOptions): Lowered {
  const { inputs, outputs, dialect, wideIntegers = false } = options;
  const { captureValues = ({ dataId, value }) => typedValues(heldBy(dataId), value.dtype) } = options;
  const lowering = new Lowering(trace, dialect);
  const { graph } = lowering;
  for (const [i, value] of inputs.entries()) {
    const isWide = wideIntegers && value.dtype === 'int32';
    const dtype = isWide ? 'int64' : value.dtype;
    const isTurned = options.channelsFirst?.has(value);
    const places = isTurned ? [0, 3, 1, 2] : value.shape.map((_, axis) => axis);
    const shape = places.map((axis) => value.shape[axis]!);
    const name = graph.input(dtype, shape.map(dimension), options.inputNames?.[i]);
    for (const [axis, dim] of shape.entries())
      if (isSymbolic(dim) && !lowering.hasDim(formatDim(dim)))
        lowering.setDim(formatDim(dim), graph.op('Shape', [name], { start: axis, end: axis + 1 }));
    const given = isWide ? graph.op('Cast', [name], { to: OnnxType.int32 }) : name;
    lowering.setName(value, isTurned ? graph.op('Transpose', [given], { perm: [0, 2, 3, 1] }) : given);
  }
  for (const [size, value] of options.givenSizes ?? [])
    lowering.setDim(size, graph.op('Cast', [lowering.name(value)], { to: OnnxType.int64 }));
  const taken = new Set([...(options.inputNames ?? []), ...(options.outputNames ?? [])]);
  for (const capture of trace.captures) {
    const { value } = capture;
    if (inputs.includes(value)) continue;
    const key = options.captureName?.(capture);
    // One name is one value in a graph.
    const name = key !== undefined && taken.has(key) ? `${key}.parameter` : key;
    lowering.setName(
      value,
      graph.constant(value.dtype, value.shape as number[], captureValues(capture), name),
    );
  }
  for (const node of trace.nodes) {
    graph.scope = node.scope;
    const names = Object.fromEntries(
      Object.entries(node.inputs).map(([name, value]) => [name, lowering.name(value)]),
    );
    const results = [byName.get(node.kernel)!.nodes(lowering, names, node)].flat();
    for (const [i, value] of node.outputs.entries()) lowering.setName(value, results[i] ?? '');
  }
  graph.scope = '';
  const outputNames = outputs.map((value, i) => {
    const isWide = wideIntegers && value.dtype === 'int32';
    const name = lowering.name(value);
    return graph.output(
      isWide ? graph.op('Cast', [name], { to: OnnxType.int64 }) : name,
      isWide ? 'int64' : value.dtype,
      value.shape.map(dimension),
      options.outputNames?.[i],
    );
  });
  graph.prune();
  return { graph, outputNames };
}

/** The values of a tensor of any engine, as they are now. */
export function heldBy(dataId: object): TypedArray {
  assertHeld(dataId);
  return tf.engine().readSync(dataId) as TypedArray;
}

export function assertHeld(dataId: object): void {
  if (!tf.engine().state.tensorInfo.has(dataId))
    throw new Error('compile: a tensor that the function uses is disposed.');
}

/** A size as files say it. */
const dimension = (dim: Dim): Dimension => (isSymbolic(dim) ? formatDim(dim) : dim);
