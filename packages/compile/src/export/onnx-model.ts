import { ConfigError, type Module } from '@crossmodal/core';
import type { GraphBuilder } from '@crossmodal/onnx-graph';
import type * as tf from '@tensorflow/tfjs-core';
import { flatten } from '../arguments';
import { lower } from '../lower/lower';
import { optimize } from '../passes/optimize';
import { type Traced, trace } from '../trace/trace';
import { type OpenSize, traceDynamic } from '../trace/trace-dynamic';
import { snakeCase } from './snake-case';

/** Names of open sizes by input and axis: `{ inputIds: { 0: 'batch', 1: 'sequence' } }`. */
export type DynamicAxes = Readonly<Record<string, Readonly<Record<number, string>>>>;

export interface OnnxModelOptions {
  /** Sizes that are open; those of one name are one. Default: every size is that of the example. */
  dynamicAxes?: DynamicAxes | undefined;
  /** Names of inputs that are arguments of their own, by position. Default `input_0`, `input_1`, ... */
  inputNames?: readonly string[] | undefined;
  /** Names of the outputs, where they have no fields. Default `output_0`, ... */
  outputNames?: readonly string[] | undefined;
}

/**
 * A module's forward pass as an ONNX graph of ONNX's own operators.
 *
 * @param example Arguments of `forward`; an object stands for the only one. Its tensors give shapes and types.
 */
export function onnxModel(
  module: Module & { forward(...args: never[]): unknown },
  example: Readonly<Record<string, unknown>> | readonly unknown[],
  { dynamicAxes = {}, inputNames = [], outputNames = [] }: OnnxModelOptions = {},
): GraphBuilder {
  const args = flatten(Array.isArray(example) ? example : [example], 'the example');
  const names = args.paths.map((path, i) => nameOf(path.slice(1)) ?? inputNames[i] ?? `input_${i}`);
  const axes = args.tensors.map((tensor, i) => axesOf(tensor, names[i]!, dynamicAxes));
  const known = new Set(names);
  for (const name of Object.keys(dynamicAxes))
    if (!known.has(snakeCase(name)))
      throw new ConfigError(
        `exportONNX: dynamicAxes: expected names among ${[...known].join(', ')}, received ${name}.`,
      );
  const forward = (...given: never[]) => module.forward(...given);
  const traced = traceWith(forward, args, axes, module);
  const { graph: recorded, result } = traced;
  if (recorded.random.values.length > 0)
    throw new ConfigError('exportONNX: the function draws random numbers. Export it without training: true.');
  optimize(recorded);
  const keys = new Map([...module.namedParameters()].map(([key, { value }]) => [value as object, key]));
  const { graph } = lower(recorded, {
    inputs: recorded.inputs,
    outputs: recorded.outputs,
    dialect: 'portable',
    inputNames: names,
    outputNames: result.paths.map((path, i) => nameOf(path) ?? outputNames[i] ?? `output_${i}`),
    captureName: ({ variable }) => variable && keys.get(variable),
    wideIntegers: true,
  });
  return graph;
}

const nameOf = (path: readonly (string | number)[]) =>
  path.length === 0 || typeof path[0] === 'number'
    ? undefined
    : path.map((p) => snakeCase(String(p))).join('.');

function axesOf(tensor: tf.Tensor, name: string, dynamicAxes: DynamicAxes): ReadonlyMap<number, string> {
  const entry = Object.entries(dynamicAxes).find(([key]) => snakeCase(key) === name)?.[1] ?? {};
  return new Map(
    Object.entries(entry).map(([axis, size]) => {
      const at = Number(axis);
      if (!(Number.isInteger(at) && at >= 0 && at < tensor.shape.length))
        throw new ConfigError(
          `exportONNX: dynamicAxes: ${name}: expected axes from 0 to ${tensor.shape.length - 1}, received ${axis}.`,
        );
      return [at, size];
    }),
  );
}

function traceWith(
  forward: (...args: never[]) => unknown,
  args: ReturnType<typeof flatten>,
  axes: readonly ReadonlyMap<number, string>[],
  module: Module,
): Traced {
  const example = new Map<string, number>();
  for (const [i, tensor] of args.tensors.entries())
    for (const [axis, name] of axes[i]!) example.set(name, tensor.shape[axis]!);
  if (example.size === 0) return trace(forward, args, { module });
  const open = [...example].map(([name, size]): OpenSize => ({ name, sizes: threeSizes(size) }));
  const at = (sizes: Readonly<Record<string, number>>) => ({
    args,
    shapes: args.tensors.map(({ shape }, i) =>
      shape.map((size, axis) => (axes[i]!.has(axis) ? sizes[axes[i]!.get(axis)!]! : size)),
    ),
  });
  return traceDynamic(forward, at, open, module);
}

/** Sizes to trace with: not 1, which broadcasts, and no greater than the example where that is large enough. */
function threeSizes(size: number): [number, number, number] {
  return size >= 6 ? [size, size - 1, size - 3] : [2, 3, 5];
}
