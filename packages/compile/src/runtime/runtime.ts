import type { GraphBuilder } from '@crossmodal/onnx-graph';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Dialect } from '../lower/lowering';
import type { DType, TypedArray } from '../trace/trace-graph';

/** A result as it is known before the run. */
export interface OutputSpec {
  shape: number[];
  dtype: DType;
  /** The tensor whose memory it is written into: an input of that shape, which it takes the place of. */
  into?: Tensor | undefined;
}

/** A graph that is ready to run. */
export interface Session {
  /**
   * @param inputs In the order of the graph's inputs.
   * @param outputs Their shapes and types, known beforehand.
   * @returns The caller disposes them; those that are `into` a tensor are that tensor.
   */
  run(inputs: readonly Tensor[], outputs: readonly OutputSpec[]): Tensor[];
  dispose(): void;
}

/** What runs graphs. */
export interface Runtime {
  readonly dialect: Dialect;
  open(graph: GraphBuilder, outputNames: string[]): Session;
  /** What a tensor holds, without a copy of it. */
  held(dataId: object): TypedArray;
}
