import type { Lowering } from './lower/lowering';
import type { Recorded } from './trace/trace-backend';
import type { Abstract, TraceNode, Value } from './trace/trace-graph';

/** A kernel of tfjs or of `@crossmodal/core`: what comes out of it, and how it becomes ONNX nodes. */
export interface TraceKernel extends Recorded {
  /**
   * Attributes in their final form, before anything is inferred from them: what they leave to the shapes (the rest of
   * an axis, 'same' padding, indices from the end) as numbers, which may then follow from open sizes.
   */
  settle?(inputs: Inputs, attrs: Attrs): Attrs;
  /** Whether tfjs takes an array from it even of one output. */
  several?: boolean;
  /**
   * @param inputs Names of the graph's values, by the kernel's names.
   * @returns Names of its outputs, in their order.
   */
  nodes(
    lowering: Lowering,
    inputs: Readonly<Record<string, string>>,
    node: TraceNode,
  ): string | readonly string[];
}

export type Attrs = Readonly<Record<string, unknown>>;
export type Inputs = Readonly<Record<string, Value>>;

/** Shape as numbers: while a function is traced, every size is one. */
export const sizes = (value: Abstract): number[] => value.shape as number[];
export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
export const like = (value: Abstract): Abstract => ({ shape: value.shape, dtype: value.dtype });
/** Kernels that take a list have their inputs under '0', '1', ... */
export const listOf = <T>(inputs: Readonly<Record<string, T>>): T[] => Object.values(inputs);
