import { ConfigError, type Module, type Rng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { type Flat, flatten } from './arguments';
import { lower } from './lower/lower';
import { optimize } from './passes/optimize';
import { onnxEngine } from './runtime/onnx-engine';
import type { Session } from './runtime/runtime';
import { type Traced, trace } from './trace/trace';
import type { Capture, Randomness, Value } from './trace/trace-graph';

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
    let entry = entries.get(flat.signature);
    if (entry) entries.delete(flat.signature);
    else {
      entry = new Entry(trace(fn, flat, { module }), variables);
      for (const [oldest, old] of entries) {
        if (entries.size < maxSignatures) break;
        entries.delete(oldest);
        old.dispose();
      }
    }
    entries.set(flat.signature, entry);
    if (entry.prepare()) compilations++;
    return entry.run(flat) as ReturnType<F>;
  };
  const dispose = () => {
    for (const entry of entries.values()) entry.dispose();
    entries.clear();
  };
  return Object.defineProperty(Object.assign(call, { dispose }), 'compilations', {
    get: () => compilations,
  }) as unknown as Compiled<F>;
}

/** The graph of one signature. */
class Entry {
  private session: Session | undefined;
  /** Variables that are inputs. */
  private readonly changing: Set<Capture>;

  constructor(
    private readonly traced: Traced,
    variables: 'constants' | 'inputs',
  ) {
    const { graph } = traced;
    optimize(graph);
    this.changing = new Set(graph.assigned.map(({ capture }) => capture));
    if (variables === 'inputs')
      for (const capture of graph.captures) if (capture.variable) this.changing.add(capture);
  }

  private get inputs(): Value[] {
    const { graph } = this.traced;
    return [...graph.inputs, ...graph.random.values, ...[...this.changing].map(({ value }) => value)];
  }

  private get outputs(): Value[] {
    const { graph } = this.traced;
    return [...graph.outputs, ...graph.assigned.map(({ value }) => value)];
  }

  /** Makes the graph, where there is none that fits the variables' values; says whether it did. */
  prepare(): boolean {
    const { graph } = this.traced;
    const changed = graph.captures.filter(
      (capture) =>
        capture.variable && !this.changing.has(capture) && capture.variable.dataId !== capture.dataId,
    );
    if (this.session && changed.length === 0) return false;
    // What changes once will change again; and then its neighbours will.
    if (changed.length > 0)
      for (const capture of graph.captures) if (capture.variable) this.changing.add(capture);
    this.dispose();
    const runtime = onnxEngine();
    const lowered = lower(graph, { inputs: this.inputs, outputs: this.outputs, dialect: runtime.dialect });
    this.session = runtime.open(lowered.graph, lowered.outputNames);
    return true;
  }

  run(args: Flat): unknown {
    const { graph, result } = this.traced;
    const drawn = draw(graph.random, args.rngs);
    try {
      const variables = [...this.changing].map(({ variable }) => variable!);
      const outputs = this.outputs.map(({ shape, dtype }) => ({ shape: shape as number[], dtype }));
      const computed = this.session!.run([...args.tensors, ...drawn, ...variables], outputs);
      for (const [i, { capture }] of graph.assigned.entries()) {
        const value = computed[graph.outputs.length + i]!;
        capture.variable!.assign(value);
        value.dispose();
      }
      return result.rebuild(computed.slice(0, graph.outputs.length), []);
    } finally {
      tf.dispose(drawn);
    }
  }

  dispose(): void {
    this.session?.dispose();
    this.session = undefined;
  }
}

/** The random inputs of a run. */
function draw({ events }: Randomness, rngs: readonly Rng[]): tf.Tensor[] {
  const generators = [...rngs];
  const drawn: tf.Tensor[] = [];
  for (const event of events) {
    const rng = generators[event.rng]!;
    if ('split' in event) generators.push(rng.split(event.split));
    else drawn.push(rng.tensor(event.shape, event.make));
  }
  return drawn;
}
