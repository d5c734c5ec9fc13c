import { ConfigError, type Module } from '@crossmodal/core';
import { type GraphBuilder, OPSET, type ValueSpec } from '@crossmodal/onnx-graph';
import * as tf from '@tensorflow/tfjs-core';
import { onnxEngine } from '../runtime/onnx-engine';
import { compareOutputs, type OutputDifference } from './compare-outputs';
import { foldWeights } from './fold-weights';
import { halveWeights } from './half-weights';
import { type ExampleInputs, forwardOf, type OnnxModelOptions, onnxModel } from './onnx-model';
import { quantizeDynamic } from './quantize-dynamic';

/** How a file holds its weights. */
export type ONNXDType = 'float32' | 'float16' | 'int8';

export interface ToONNXOptions extends OnnxModelOptions {
  /**
   * `float32`, the default; `float16`: large weights are stored as halves and computed with as float32, which is half
   * the file and no slower; or `int8`: dynamic quantisation, a quarter of the file, and products of whole numbers, which
   * are faster on processors. See {@link ONNXReport.difference} for what that costs.
   */
  dtype?: ONNXDType | undefined;
}

/** What was written. */
export interface ONNXReport {
  /** Version of ONNX's operators. There are no others in the file. */
  opset: number;
  /** Names, types and shapes, in which open sizes are names. */
  inputs: ValueSpec[];
  outputs: ValueSpec[];
  /** Size of the model. */
  bytes: number;
  /** Values of the parameters that are used. */
  parameters: number;
  /**
   * What `float16` and `int8` change of the outputs for the example inputs; only where the engine `onnx` is there to
   * run them. It says as much as the example is like what the model is for.
   */
  difference?: OutputDifference;
}

export interface ONNXFile {
  /** What an `.onnx` file holds. */
  model: Uint8Array;
  report: ONNXReport;
}

/** protobuf's limit. */
const GREATEST_FILE = 2 ** 31 - 1;
/** More than nodes and names ever take. */
const NODES = 2 ** 25;

/**
 * A module's forward pass as the bytes of an `.onnx` file, as {@link exportONNX} writes them.
 *
 * @throws ConfigError for options that do not fit, TraceError for what cannot be recorded, and ConfigError where the
 *   model has two GiB or more, which no such file can hold.
 */
export function toONNX(module: Module, exampleInputs: ExampleInputs, options: ToONNXOptions = {}): ONNXFile {
  const { graph, info, report } = onnxGraph(module, exampleInputs, options);
  assertFits(graph);
  const model = graph.finish(info);
  return { model, report: { ...report, bytes: model.byteLength } };
}

export const isTooLarge = ({ constantBytes }: Pick<GraphBuilder, 'constantBytes'>): boolean =>
  constantBytes + NODES > GREATEST_FILE;

/** @throws ConfigError for a model that no single file can hold. */
export function assertFits(graph: Pick<GraphBuilder, 'constantBytes'>): void {
  if (!isTooLarge(graph)) return;
  throw new ConfigError(
    `exportONNX: the weights have ${(graph.constantBytes / 2 ** 30).toFixed(1)} GiB, and one file of this format holds ` +
      "less than 2. In Node, exportONNX writes them beside it; or take dtype 'float16' or 'int8'.",
  );
}

/** The graph of the file with everything that is said about it but its size. */
export function onnxGraph(module: Module, exampleInputs: ExampleInputs, options: ToONNXOptions) {
  const { dtype = 'float32' } = options;
  if (!Object.hasOwn(SHRINK, dtype))
    throw new ConfigError(
      `exportONNX: dtype: expected one of ${Object.keys(SHRINK).join(', ')}, received ${dtype}.`,
    );
  const make = SHRINK[dtype]();
  const shrink = (graph: GraphBuilder) => {
    foldWeights(graph);
    make(graph);
  };
  const traced = onnxModel(module, exampleInputs, options);
  const graph = traced.fileGraph();
  shrink(graph);
  const { inputs, outputs } = graph;
  const report: Omit<ONNXReport, 'bytes'> = { opset: OPSET, inputs, outputs, parameters: traced.parameters };
  if (dtype !== 'float32' && tf.findBackend('onnx')) {
    const lowered = traced.engineGraph();
    shrink(lowered.graph);
    const forward = options.forward ?? forwardOf(module);
    report.difference = compareOutputs(onnxEngine(), lowered, forward, exampleInputs);
  }
  return {
    graph,
    info: { producerName: 'crossmodal', metadata: { opset: `${OPSET}`, weights: dtype } },
    report,
  };
}

const SHRINK: Record<ONNXDType, () => (graph: GraphBuilder) => void> = {
  float32: () => () => {},
  float16: halveWeights,
  int8: quantizeDynamic,
};
