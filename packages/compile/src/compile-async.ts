import * as tf from '@tensorflow/tfjs-core';
import { type Flat, flatten } from './arguments';
import { AsyncGraphSession } from './async-graph-session';
import type { CompileOptions } from './compile';
import { GraphCache } from './graph-cache';
import type { AsyncRuntime } from './runtime/async-runtime';
import { RunQueue } from './runtime/run-queue';
import { trace } from './trace/trace';

export interface CompileAsyncOptions extends CompileOptions {
  /** What runs the graphs: {@link onnxWebRuntime} or {@link onnxNodeRuntime}. */
  runtime: AsyncRuntime;
}

/** As {@link Compiled}, by promises. */
export interface AsyncCompiled<F extends (...args: never[]) => unknown> {
  (...args: Parameters<F>): Promise<ReturnType<F>>;
  /** How often a graph was made so far. */
  readonly compilations: number;
  /** Releases its graphs, after the runs that were asked for before. */
  dispose(): Promise<void>;
}

/**
 * As {@link compile}, on a runtime whose work is waited for: in a browser, or on a GPU. It works with every engine of tfjs:
 * tensors are read from the active one, and the results are tensors of it.
 *
 * Runs follow one another in the order of the calls. What a call is given may be disposed at once; random numbers are
 * drawn at the call, and variables have the values of when its run starts. Weights go into the graph, and so to the
 * device, once; beside them the engine keeps its own.
 *
 * @param fn As of {@link compile}; it does not wait itself.
 * @throws TraceError for what cannot be recorded; ConfigError where the weights are more than a graph can hold (2 GiB);
 *   BackendError where the runtime is missing or cannot run the graph. All of them by the promise.
 *
 * @example
 * const runtime = onnxWebRuntime({ executionProviders: ['webgpu', 'wasm'] });
 * const encode = compileAsync((pixelValues: tf.Tensor4D) => vision.forward({ pixelValues }).pooled, { runtime });
 * const features = await encode(images);
 * await encode.dispose();
 */
export function compileAsync<F extends (...args: never[]) => unknown>(
  fn: F,
  { runtime, module, maxSignatures = 8, variables = 'constants' }: CompileAsyncOptions,
): AsyncCompiled<F> {
  const cache = new GraphCache<{ session: AsyncGraphSession; result: Flat }>('compileAsync', maxSignatures);
  const queue = new RunQueue();
  const call = async (...args: Parameters<F>): Promise<ReturnType<F>> => {
    const flat = flatten(args, 'the arguments');
    const { session, result } = cache.get(flat.signature, () => {
      const { graph, result } = trace(fn, flat, { module });
      return { session: new AsyncGraphSession(graph, runtime, queue, { variables }), result };
    });
    const given = [...flat.tensors.map((tensor) => tf.clone(tensor)), ...session.draw(flat.rngs)].map(
      tf.keep,
    );
    const computed = await session.run(given, () => cache.compilations++);
    return result.rebuild(computed, []) as ReturnType<F>;
  };
  return cache.handle(call, async () => void (await Promise.all(cache.clear())));
}
