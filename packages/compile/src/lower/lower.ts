import type { GraphBuilder } from '@crossmodal/onnx-graph';
import * as tf from '@tensorflow/tfjs-core';
import { kernels } from '../kernels';
import type { Capture, TraceGraph, TypedArray, Value } from '../trace/trace-graph';
import { type Dialect, Lowering } from './lowering';

const byName = new Map(kernels.map((kernel) => [kernel.kernelName, kernel]));

/** A trace as ONNX graph, with its inputs and outputs in order. */
export interface Lowered {
  graph: GraphBuilder;
  outputNames: string[];
}

/**
 * @param inputs What the graph takes, in this order; captured values among them are no constants then.
 * @param outputs What it gives.
 */
export function lower(
  trace: TraceGraph,
  { inputs, outputs, dialect }: { inputs: readonly Value[]; outputs: readonly Value[]; dialect: Dialect },
): Lowered {
  const lowering = new Lowering(trace, dialect);
  const { graph } = lowering;
  for (const value of inputs) lowering.setName(value, graph.input(value.dtype, value.shape as number[]));
  for (const { value, dataId } of trace.captures)
    if (!inputs.includes(value))
      lowering.setName(value, graph.constant(value.dtype, value.shape as number[], heldBy(dataId)));
  for (const node of trace.nodes) {
    graph.scope = node.scope;
    const names = Object.fromEntries(
      Object.entries(node.inputs).map(([name, value]) => [name, lowering.name(value)]),
    );
    const results = [byName.get(node.kernel)!.nodes(lowering, names, node)].flat();
    for (const [i, value] of node.outputs.entries()) lowering.setName(value, results[i] ?? '');
  }
  graph.scope = '';
  const outputNames = outputs.map((value) =>
    graph.output(lowering.name(value), value.dtype, value.shape as number[]),
  );
  graph.prune();
  return { graph, outputNames };
}

/** The values of a tensor of any engine, as they are now. */
export function heldBy(dataId: Capture['dataId']): TypedArray {
  const info = tf.engine().state.tensorInfo.get(dataId);
  if (!info) throw new Error('compile: a tensor that the function uses is disposed.');
  return info.backend.readSync(dataId) as TypedArray;
}
