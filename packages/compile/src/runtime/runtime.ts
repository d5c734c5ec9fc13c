import type { GraphBuilder } from '@crossmodal/onnx-graph';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Dialect } from '../lower/lowering';
import type { DType } from '../trace/trace-graph';

/** A graph that is ready to run. */
export interface Session {
  /**
   * @param inputs In the order of the graph's inputs.
   * @param outputs Their shapes and types, known beforehand.
   * @returns The caller disposes them.
   */
  run(inputs: readonly Tensor[], outputs: readonly { shape: number[]; dtype: DType }[]): Tensor[];
  dispose(): void;
}

/** What runs graphs. */
export interface Runtime {
  readonly dialect: Dialect;
  open(graph: GraphBuilder, outputNames: string[]): Session;
}
