import { ConfigError, type Rng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { type Lowered, type LowerOptions, lower } from './lower/lower';
import type { Dialect } from './lower/lowering';
import { optimize } from './passes/optimize';
import type { OutputSpec } from './runtime/runtime';
import { evaluateDim } from './trace/dim';
import type { Capture, Randomness, TraceGraph, Value } from './trace/trace-graph';

export interface FunctionGraphOptions {
  /** As of {@link CompileOptions.variables}. */
  variables: 'constants' | 'inputs';
  /** Open sizes that are given as int32 [1], after the graph's inputs, by name. */
  givenSizes?: readonly string[] | undefined;
}

/** A trace as one graph: what goes into it at each run, and what comes out; whatever runs it. */
export class FunctionGraph {
  /** Variables that are inputs. */
  private readonly changing: Set<Capture>;
  private readonly givenSizes: ReadonlyMap<string, Value>;

  constructor(
    readonly graph: TraceGraph,
    { variables, givenSizes = [] }: FunctionGraphOptions,
  ) {
    optimize(graph);
    this.changing = new Set(graph.assigned.map(({ capture }) => capture));
    if (variables === 'inputs')
      for (const capture of graph.captures) if (capture.variable) this.changing.add(capture);
    this.givenSizes = new Map(
      givenSizes.map((name, i) => {
        const source = { kind: 'input' as const, index: graph.inputs.length + i };
        return [name, { shape: [1], dtype: 'int32' as const, source }];
      }),
    );
  }

  /** Whether variables have changed that are constants of the graph; they are inputs of the next one. */
  noteChanges(): boolean {
    const { captures } = this.graph;
    const changed = captures.some(
      (capture) =>
        capture.variable && !this.changing.has(capture) && capture.variable.dataId !== capture.dataId,
    );
    // What changes once will change again, and its neighbours with it.
    if (changed) for (const capture of captures) if (capture.variable) this.changing.add(capture);
    return changed;
  }

  /** Captured tensors that are constants of the graph. */
  get constants(): Capture[] {
    return this.graph.captures.filter((capture) => !this.changing.has(capture));
  }

  /** @param captureValues As of {@link LowerOptions.captureValues}. */
  lower(dialect: Dialect, captureValues?: LowerOptions['captureValues']): Lowered {
    const { graph, givenSizes } = this;
    assertSize(this.constants);
    const inputs = [
      ...graph.inputs,
      ...givenSizes.values(),
      ...graph.random.values,
      ...[...this.changing].map(({ value }) => value),
    ];
    const outputs = [...graph.outputs, ...graph.assigned.map(({ value }) => value)];
    return lower(graph, { inputs, outputs, dialect, givenSizes, captureValues });
  }

  /** What a run takes beside the arguments' tensors and variables: sizes and random values. The caller disposes them. */
  draw(rngs: readonly Rng[], sizes: Readonly<Record<string, number>> = {}): tf.Tensor[] {
    return [
      ...[...this.givenSizes.keys()].map((name) => tf.tensor1d([sizes[name]!], 'int32')),
      ...draw(this.graph.random, rngs),
    ];
  }

  /** All that the graph takes, in order. */
  inputs(tensors: readonly tf.Tensor[], drawn: readonly tf.Tensor[]): tf.Tensor[] {
    return [...tensors, ...drawn, ...[...this.changing].map(({ variable }) => variable!)];
  }

  /** Shapes and types of what comes out. */
  outputSpecs(
    sizes: Readonly<Record<string, number>> = {},
    into: ReadonlyMap<number, tf.Tensor> = new Map(),
  ): OutputSpec[] {
    const { outputs, assigned } = this.graph;
    return [...outputs, ...assigned.map(({ value }) => value)].map(({ shape, dtype }, i) => ({
      shape: shape.map((dim) => evaluateDim(dim, sizes)),
      dtype,
      into: into.get(i),
    }));
  }

  /** Assigns what is for variables; gives the rest. */
  settle(computed: readonly tf.Tensor[]): tf.Tensor[] {
    const { outputs, assigned } = this.graph;
    for (const [i, { capture }] of assigned.entries()) {
      const value = computed[outputs.length + i]!;
      capture.variable!.assign(value);
      value.dispose();
    }
    return computed.slice(0, outputs.length);
  }
}

/** What a file of protobuf can hold, but for a mebibyte for the nodes. */
const MOST_BYTES = 2 ** 31 - 2 ** 20;

function assertSize(constants: readonly Capture[]): void {
  const bytes = constants
    .map(({ value }) =>
      value.shape.reduce<number>((a, b) => a * (b as number), value.dtype === 'bool' ? 1 : 4),
    )
    .reduce((a, b) => a + b, 0);
  if (bytes > MOST_BYTES)
    throw new ConfigError(
      `compile: the weights and other constants of the function: expected at most 2 GiB in one graph, received ${(bytes / 2 ** 30).toFixed(1)} GiB. ` +
        "Give the weights at each run with variables: 'inputs', or compile the parts of the model one by one.",
    );
}

/** The random inputs of a run. */
function draw({ events }: Randomness, rngs: readonly Rng[]): tf.Tensor[] {
  const generators = [...rngs];
  const drawn: tf.Tensor[] = [];
  for (const event of events) {
    const rng = generators[event.rng]!;
    if ('split' in event) generators.push(rng.split(event.split));
    else if ('copy' in event) generators.push(rng.copy());
    else drawn.push(rng.tensor(event.shape, event.make));
  }
  return drawn;
}
