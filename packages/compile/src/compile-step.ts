import { ConfigError, KeyValueCache } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { flatten } from './arguments';
import type { CompileOptions, Entry } from './compile';
import { GraphCache } from './graph-cache';
import { GraphSession } from './graph-session';
import { onnxEngine } from './runtime/onnx-engine';
import { type OpenSize, traceDynamic } from './trace/trace-dynamic';
import type { Value } from './trace/trace-graph';

/** A decoding step that runs as one graph. */
export interface CompiledStep<I, R> {
  (input: I, caches: readonly KeyValueCache[]): R;
  /** As of {@link Compiled}. */
  readonly compilations: number;
  dispose(): void;
}

interface StepEntry extends Entry {
  /** Positions that it adds. */
  length: number;
  /** Of each output, the input whose memory it is written into; or none. */
  inPlace: readonly (number | undefined)[];
}

/** Sizes that it is traced with. */
const OPEN: readonly OpenSize[] = [
  { name: 'past', sizes: [3, 2, 4] },
  { name: 'capacity', sizes: [7, 6, 9] },
];

/**
 * Compiles a step of generating, which goes on from what caches of keys and values hold: one graph for any length of
 * the past. New keys and values are written into the caches' memory, where the model's blocks can do that.
 *
 * A call with empty caches, as for a prompt, runs the step as it is.
 *
 * @param step Of tensors and plain data, and of the caches, one for each layer; it does with them what `forward` does.
 * @throws TraceError at the first call, for what cannot be recorded; ConfigError for caches that differ in length.
 *
 * @example
 * const step = compileStep((inputIds: tf.Tensor2D, caches) => model.forward({ inputIds, caches }).logits);
 * const caches = model.createCaches();
 * let logits = step(prompt, caches); // and then, token by token
 * logits = step(token, caches);
 */
export function compileStep<I, R>(
  step: (input: I, caches: readonly KeyValueCache[]) => R,
  { module, maxSignatures = 8, variables = 'constants' }: CompileOptions = {},
): CompiledStep<I, R> {
  const cached = new GraphCache<StepEntry>('compileStep', maxSignatures);

  const make = (input: I, held: readonly HeldTensors[]): StepEntry => {
    let length = 0;
    const traced = (given: I, memory: readonly HeldTensors[], past: number) => {
      const caches = memory.map(({ keys, values }) => KeyValueCache.holding(keys, values, past));
      const result = step(given, caches);
      length = caches[0]!.length - past;
      return { result, memory: caches.map((cache) => ({ ...cache.tensors })) };
    };
    const inputs = flatten(input, 'the input').tensors.length;
    const at = ({ past, capacity }: Readonly<Record<string, number>>) => {
      const args = flatten([input, held, past], 'the arguments');
      const shapes = args.tensors.map(({ shape }, i) =>
        i < inputs ? shape : shape.map((size, axis) => (axis === 2 ? capacity! : size)),
      );
      return { args, shapes };
    };
    const { graph, result } = traceDynamic(traced as never, at, OPEN, module);
    const session = new GraphSession(graph, onnxEngine(), { variables, givenSizes: ['past'] });
    return { session, result, length, inPlace: session.graph.outputs.map(writtenInput) };
  };

  const call = (input: I, caches: readonly KeyValueCache[]): R => {
    const past = caches[0]?.length ?? 0;
    if (past === 0 || tf.engine().state.gradientDepth > 0) return step(input, caches);
    if (caches.some((cache) => cache.length !== past))
      throw new ConfigError(
        `compileStep: caches: expected all of one length, received ${caches.map(({ length }) => length)}.`,
      );
    const key = `${flatten(input, 'the input').signature} ${caches.map((cache) => shapeKey(cache))}`;
    const { session, length, inPlace, ...entry } = cached.get(key, () => make(input, caches.map(heldBy)));
    if (session.prepare()) cached.compilations++;
    if (inPlace.some((index) => index !== undefined)) {
      for (const cache of caches) {
        const [batch, heads, , headDim] = cache.tensors!.keys.shape;
        cache.extend([batch, heads, length, headDim]);
      }
    }
    const held = caches.map(heldBy);
    const { tensors, rngs } = flatten([input, held], 'the arguments');
    const into = new Map(inPlace.flatMap((index, i) => (index === undefined ? [] : [[i, tensors[index]!]])));
    const capacity = held[0]!.keys.shape[2];
    const computed = session.run(tensors, rngs, { past, capacity }, into);
    const { result, memory } = entry.result.rebuild(computed, []) as { result: R; memory: HeldTensors[] };
    for (const [i, cache] of caches.entries()) cache.set(memory[i]!, past + length);
    return result;
  };
  return cached.handle(call, () => void cached.clear());
}

interface HeldTensors {
  keys: tf.Tensor4D;
  values: tf.Tensor4D;
}

const heldBy = (cache: KeyValueCache): HeldTensors => ({ ...cache.tensors! });
/** Its shape, but for the capacity. */
const shapeKey = (cache: KeyValueCache) => {
  const [batch, heads, , headDim] = cache.tensors!.keys.shape;
  return `${batch} ${heads} ${headDim}`;
};

/** The input whose memory a kernel writes the value into. */
function writtenInput({ source }: Value): number | undefined {
  if (source.kind !== 'node' || source.node.kernel !== 'FusedDecoderBlock' || source.output === 0)
    return undefined;
  const given = source.node.inputs[source.output === 1 ? 'keys' : 'values']!;
  return given.source.kind === 'input' ? given.source.index : undefined;
}
