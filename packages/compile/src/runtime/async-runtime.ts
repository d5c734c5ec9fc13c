import type { GraphBuilder } from '@crossmodal/onnx-graph';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Dialect } from '../lower/lowering';
import type { OutputSpec } from './runtime';

/** A graph that is ready to run, by promises. */
export interface AsyncSession {
  /**
   * @param inputs In the order of the graph's inputs; they stay as they are until the promise is kept.
   * @param outputs Their shapes and types, known beforehand.
   * @returns The caller disposes them.
   */
  run(inputs: readonly Tensor[], outputs: readonly OutputSpec[]): Promise<Tensor[]>;
  dispose(): Promise<void>;
}

/** What runs graphs by promises: that of {@link onnxWebRuntime} or {@link onnxNodeRuntime}. */
export interface AsyncRuntime {
  readonly dialect: Dialect;
  open(graph: GraphBuilder, outputNames: readonly string[]): Promise<AsyncSession>;
}
