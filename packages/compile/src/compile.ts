import type { Module } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { type Flat, flatten } from './arguments';
import { GraphCache } from './graph-cache';
import { GraphSession } from './graph-session';
import { onnxEngine } from './runtime/onnx-engine';
import { trace } from './trace/trace';

export interface CompileOptions {
  /** Gives the parts of the graph their names, for profiles and error messages. */
  module?: Module | undefined;
  /** Signatures that are kept compiled, the least recently used leaving first. Default 8. */
  maxSignatures?: number | undefined;
  /**
   * What variables are: `constants` (the default) until they change, which ONNX Runtime prepares for its products; or
   * `inputs` from the start, for training.
   */
  variables?: 'constants' | 'inputs' | undefined;
}

/** A function that runs as one graph for each signature of its arguments. */
export interface Compiled<F extends (...args: never[]) => unknown> {
  (...args: Parameters<F>): ReturnType<F>;
  /** How often a graph was made so far: for each new signature, and again when variables turn out to change. */
  readonly compilations: number;
  /** Releases its graphs. */
  dispose(): void;
}

/**
 * Makes one ONNX graph of what `fn` computes, at the first call for each signature (shapes and types of tensors, and
 * all other values among the arguments), and runs that from then on. The results are those of `fn`.
 *
 * Tensors from outside the function are constants of the graph; variables are so until they change, which makes
 * the graph anew, with them as inputs. Assignments to variables are done after each run. Randomness comes from
 * {@link Rng.tensor} of generators among the arguments. Called while a gradient is taken, `fn` runs as it is.
 *
 * @param fn Of tensors, plain data, modules and generators; it neither waits nor reads values of tensors.
 * @throws TraceError at the first call, for what cannot be recorded; BackendError where the engine `onnx` is missing.
 *
 * @example
 * const encode = compile((pixelValues: tf.Tensor4D) => vision.forward({ pixelValues }).pooled);
 * const features = encode(images);
 * encode.dispose();
 */
export function compile<F extends (...args: never[]) => unknown>(
  fn: F,
  { module, maxSignatures = 8, variables = 'constants' }: CompileOptions = {},
): Compiled<F> {
  const cache = new GraphCache<Entry>('compile', maxSignatures);
  const call = (...args: Parameters<F>): ReturnType<F> => {
    if (tf.engine().state.gradientDepth > 0) return fn(...args) as ReturnType<F>;
    const flat = flatten(args, 'the arguments');
    const { session, result } = cache.get(flat.signature, () => {
      const { graph, result } = trace(fn, flat, { module });
      return { session: new GraphSession(graph, onnxEngine(), { variables }), result };
    });
    if (session.prepare()) cache.compilations++;
    return result.rebuild(session.run(flat.tensors, flat.rngs), []) as ReturnType<F>;
  };
  return cache.handle(call, () => void cache.clear());
}

/** The graph of one signature. */
export interface Entry {
  session: GraphSession;
  /** What the function gives, with places for its tensors. */
  result: Flat;
}
