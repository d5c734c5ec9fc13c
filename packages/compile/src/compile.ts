import { ConfigError, type Module } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { type Flat, flatten } from './arguments';
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
  if (!(Number.isInteger(maxSignatures) && maxSignatures > 0))
    throw new ConfigError(`compile: maxSignatures: expected an integer from 1, received ${maxSignatures}.`);
  const entries = new Map<string, Entry>();
  let compilations = 0;
  const call = (...args: Parameters<F>): ReturnType<F> => {
    if (tf.engine().state.gradientDepth > 0) return fn(...args) as ReturnType<F>;
    const flat = flatten(args, 'the arguments');
    const entry = recent(entries, flat.signature, maxSignatures, () => {
      const { graph, result } = trace(fn, flat, { module });
      return { session: new GraphSession(graph, onnxEngine(), { variables }), result };
    });
    if (entry.session.prepare()) compilations++;
    return entry.result.rebuild(entry.session.run(flat.tensors, flat.rngs), []) as ReturnType<F>;
  };
  const dispose = () => {
    for (const { session } of entries.values()) session.dispose();
    entries.clear();
  };
  return Object.defineProperty(Object.assign(call, { dispose }), 'compilations', {
    get: () => compilations,
  }) as unknown as Compiled<F>;
}

/** The graph of one signature. */
export interface Entry {
  session: GraphSession;
  /** What the function gives, with places for its tensors. */
  result: Flat;
}

/** The entry of a key, or a new one; the least recently used leaves when there are too many. */
export function recent<E extends { session: { dispose(): unknown } }>(
  entries: Map<string, E>,
  key: string,
  most: number,
  make: () => E,
): E {
  const entry = entries.get(key) ?? make();
  entries.delete(key);
  for (const [oldest, { session }] of entries) {
    if (entries.size < most) break;
    entries.delete(oldest);
    session.dispose();
  }
  entries.set(key, entry);
  return entry;
}
