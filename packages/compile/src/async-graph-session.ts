import * as tf from '@tensorflow/tfjs-core';
import { FunctionGraph, type FunctionGraphOptions } from './function-graph';
import { assertHeld } from './lower/lower';
import type { AsyncRuntime, AsyncSession } from './runtime/async-runtime';
import type { RunQueue } from './runtime/run-queue';
import type { Capture, TraceGraph, TypedArray } from './trace/trace-graph';
import { typedValues } from './typed-values';

/** As {@link GraphSession}, on a runtime of promises. */
export class AsyncGraphSession extends FunctionGraph {
  private session: AsyncSession | undefined;

  /** @param queue Of what is done with this session and others; runs and releases are added to it. */
  constructor(
    graph: TraceGraph,
    private readonly runtime: AsyncRuntime,
    private readonly queue: RunQueue,
    options: FunctionGraphOptions,
  ) {
    super(graph, options);
  }

  /**
   * Runs it when its turn comes, with the variables' values of then; the graph is made first where it is missing or
   * holds other values.
   *
   * @param given Tensors of the arguments, and drawn ones; they are disposed after it.
   * @param onMade Is called when the graph was made.
   */
  run(given: readonly tf.Tensor[], onMade: () => void): Promise<tf.Tensor[]> {
    return this.queue.add(async () => {
      const used = [...given];
      try {
        if (await this.prepare()) onMade();
        // Variables may be assigned to while it runs, and their memory be used again.
        const inputs = this.inputs(given, []).map((input, i) => given[i] ?? tf.keep(tf.clone(input)));
        used.push(...inputs.slice(given.length));
        return this.settle(await this.session!.run(inputs, this.outputSpecs()));
      } finally {
        tf.dispose(used);
      }
    });
  }

  private async prepare(): Promise<boolean> {
    if (!this.noteChanges() && this.session) return false;
    const { session: before } = this;
    this.session = undefined;
    try {
      const values = new Map(await Promise.all(this.constants.map(read)));
      const { graph, outputNames } = this.lower(this.runtime.dialect, (capture) => values.get(capture)!);
      this.session = await this.runtime.open(graph, outputNames);
    } finally {
      await before?.dispose(); // not earlier: a GPU forgets its programs when the last session goes
    }
    return true;
  }

  private async release(): Promise<void> {
    const { session } = this;
    this.session = undefined;
    await session?.dispose();
  }

  dispose(): Promise<void> {
    return this.queue.add(() => this.release());
  }
}

/** What a captured tensor holds now. */
async function read(capture: Capture): Promise<[Capture, TypedArray]> {
  const { dataId, value } = capture;
  assertHeld(dataId);
  // It may be disposed while it is read.
  const x = { dataId, shape: value.shape, dtype: value.dtype } as tf.TensorInfo;
  const tensor = tf.keep(tf.engine().runKernel(tf.Identity, { x } as never) as tf.Tensor);
  try {
    return [capture, typedValues(await tensor.data(), value.dtype)];
  } finally {
    tensor.dispose();
  }
}
