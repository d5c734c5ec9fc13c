import type { Rng } from '@crossmodal/core';
import type { Variable } from '@tensorflow/tfjs-core';
import type { Dim } from './dim';

export type DType = 'float32' | 'int32' | 'bool';
export type TypedArray = Float32Array | Int32Array | Uint8Array;

/** Shape and type of a value that is not computed yet. */
export interface Abstract {
  shape: readonly Dim[];
  dtype: DType;
}

/** Where a value comes from. */
export type Source =
  /** A tensor among the arguments. */
  | { kind: 'input'; index: number }
  /** Drawn from a generator at every run. */
  | { kind: 'random'; index: number }
  /** A tensor or variable from outside the function. */
  | { kind: 'captured'; capture: Capture }
  | { kind: 'constant'; values: TypedArray }
  /** One number everywhere, in a dynamic shape; or whole numbers that follow from sizes. */
  | { kind: 'filled'; value: number }
  | { kind: 'sizes'; values: readonly Dim[] }
  | { kind: 'node'; node: TraceNode; output: number };

/** A value of the graph. */
export interface Value extends Abstract {
  source: Source;
}

/** A kernel that was called. */
export interface TraceNode {
  kernel: string;
  /** In the kernel's order; kernels of lists (Concat, AddN) have '0', '1', ... */
  inputs: Record<string, Value>;
  attrs: Readonly<Record<string, unknown>>;
  outputs: Value[];
  /** Path of the module that called it, such as `visionModel/layers/0`. */
  scope: string;
}

/** A tensor that the function takes from its surroundings. */
export interface Capture {
  /** Its memory when it was traced. */
  dataId: object;
  /** Present where it is a variable, whose value may change. */
  variable: Variable | undefined;
  value: Value;
}

/** A function as kernels on abstract tensors, in the order of their calls. */
export interface TraceGraph {
  inputs: Value[];
  random: Randomness;
  captures: Capture[];
  nodes: TraceNode[];
  outputs: Value[];
  /** Variables that the function assigns to, with what they get. */
  assigned: { capture: Capture; value: Value }[];
}

/** What the function does with the generators among its arguments, to be done again at each run. */
export interface Randomness {
  /** How many there are: those among the arguments, and then one for each split. */
  generators: number;
  /** In order: a generator makes the next of `values`, or gives the next generator. */
  events: (
    | { rng: number; shape: number[]; make: (rng: Rng) => TypedArray }
    | { rng: number; split: string | number }
    | { rng: number; copy: true }
  )[];
  values: Value[];
}
