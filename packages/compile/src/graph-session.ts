import type { Rng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { FunctionGraph, type FunctionGraphOptions } from './function-graph';
import { assertHeld } from './lower/lower';
import type { Runtime, Session } from './runtime/runtime';
import type { TraceGraph } from './trace/trace-graph';
import { typedValues } from './typed-values';

/** A trace that runs: its graph is made when it is needed, and anew when variables turn out to change. */
export class GraphSession extends FunctionGraph {
  private session: Session | undefined;

  constructor(
    graph: TraceGraph,
    private readonly runtime: Runtime,
    options: FunctionGraphOptions,
  ) {
    super(graph, options);
  }

  /** Makes the graph, where there is none that fits the variables' values; says whether it did. */
  prepare(): boolean {
    if (!this.noteChanges() && this.session) return false;
    this.dispose();
    const { dialect, held } = this.runtime;
    const { graph, outputNames } = this.lower(dialect, ({ dataId, value }) => {
      assertHeld(dataId);
      return typedValues(held(dataId), value.dtype);
    });
    this.session = this.runtime.open(graph, outputNames);
    return true;
  }

  /**
   * Runs it, and assigns to variables what the function does.
   *
   * @param into By output: the tensor whose memory it is written into, and which it then is.
   * @returns The outputs; the caller disposes those that are new.
   */
  run(
    tensors: readonly tf.Tensor[],
    rngs: readonly Rng[],
    sizes: Readonly<Record<string, number>> = {},
    into: ReadonlyMap<number, tf.Tensor> = new Map(),
  ): tf.Tensor[] {
    const drawn = this.draw(rngs, sizes);
    try {
      const outputs = this.outputSpecs(sizes, into);
      return this.settle(this.session!.run(this.inputs(tensors, drawn), outputs));
    } finally {
      tf.dispose(drawn);
    }
  }

  dispose(): void {
    this.session?.dispose();
    this.session = undefined;
  }
}
