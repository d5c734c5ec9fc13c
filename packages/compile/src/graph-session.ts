import type { Rng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { lower } from './lower/lower';
import { optimize } from './passes/optimize';
import type { OutputSpec, Runtime, Session } from './runtime/runtime';
import { evaluateDim } from './trace/dim';
import type { Capture, Randomness, TraceGraph, Value } from './trace/trace-graph';

export interface GraphSessionOptions {
  /** As of {@link CompileOptions.variables}. */
  variables: 'constants' | 'inputs';
  /** Open sizes that are given as int32 [1], after the graph's inputs, by name. */
  givenSizes?: readonly string[] | undefined;
}

/** A trace that runs: its graph is made when it is needed, and anew when variables turn out to change. */
export class GraphSession {
  private session: Session | undefined;
  /** Variables that are inputs. */
  private readonly changing: Set<Capture>;
  private readonly givenSizes: ReadonlyMap<string, Value>;

  constructor(
    readonly graph: TraceGraph,
    private readonly runtime: Runtime,
    { variables, givenSizes = [] }: GraphSessionOptions,
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

  /** Makes the graph, where there is none that fits the variables' values; says whether it did. */
  prepare(): boolean {
    const { graph } = this;
    const changed = graph.captures.some(
      (capture) =>
        capture.variable && !this.changing.has(capture) && capture.variable.dataId !== capture.dataId,
    );
    if (this.session && !changed) return false;
    // What changes once will change again, and its neighbours with it.
    if (changed) for (const capture of graph.captures) if (capture.variable) this.changing.add(capture);
    this.dispose();
    const inputs = [
      ...graph.inputs,
      ...this.givenSizes.values(),
      ...graph.random.values,
      ...[...this.changing].map(({ value }) => value),
    ];
    const outputs = [...graph.outputs, ...graph.assigned.map(({ value }) => value)];
    const { dialect } = this.runtime;
    const lowered = lower(graph, { inputs, outputs, dialect, givenSizes: this.givenSizes });
    this.session = this.runtime.open(lowered.graph, lowered.outputNames);
    return true;
  }

  /** What the graph takes at a run: the arguments' tensors, sizes, drawn values and variables; `drawn` is to be disposed. */
  feeds(tensors: readonly tf.Tensor[], rngs: readonly Rng[], sizes: Readonly<Record<string, number>> = {}) {
    const drawn = [
      ...[...this.givenSizes.keys()].map((name) => tf.tensor1d([sizes[name]!], 'int32')),
      ...draw(this.graph.random, rngs),
    ];
    const variables = [...this.changing].map(({ variable }) => variable!);
    return { inputs: [...tensors, ...drawn, ...variables], drawn };
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
    const { inputs, drawn } = this.feeds(tensors, rngs, sizes);
    try {
      return this.settle(this.session!.run(inputs, this.outputSpecs(sizes, into)));
    } finally {
      tf.dispose(drawn);
    }
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
