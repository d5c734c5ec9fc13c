import { ConfigError, type Module, snakeCase } from '@crossmodal/core';
import type { GraphBuilder } from '@crossmodal/onnx-graph';
import type * as tf from '@tensorflow/tfjs-core';
import { flatten } from '../arguments';
import { type Lowered, lower } from '../lower/lower';
import { optimize } from '../passes/optimize';
import { type Traced, trace } from '../trace/trace';
import { type OpenSize, traceDynamic } from '../trace/trace-dynamic';
import type { TraceGraph, Value } from '../trace/trace-graph';

/** Names of open sizes by input and axis: `{ inputIds: { 0: 'batch', 1: 'sequence' } }`. */
export type DynamicAxes = Readonly<Record<string, Readonly<Record<number, string>>>>;

/** Arguments of a forward pass; an object stands for the only one. */
export type ExampleInputs = Readonly<Record<string, unknown>> | readonly unknown[];

export interface OnnxModelOptions {
  /** What the file computes. Default the module's `forward`. */
  forward?: ((...args: never[]) => unknown) | undefined;
  /** Sizes that are open, by the axes of the example; those of one name are one. Default: all are the example's. */
  dynamicAxes?: DynamicAxes | undefined;
  /**
   * Inputs [batch, height, width, channels] that the file takes as [batch, channels, height, width], as files of
   * PyTorch's models do.
   */
  channelsFirst?: readonly string[] | undefined;
  /** Names of inputs that are arguments of their own, by position. Default `input_0`, `input_1`, ... */
  inputNames?: readonly string[] | undefined;
  /** Names of the outputs, where they have no fields. Default `output_0`, ... */
  outputNames?: readonly string[] | undefined;
}

/** A module's forward pass, traced for a file. */
export interface OnnxModel {
  trace: TraceGraph;
  /** Values of the module's parameters that it uses. */
  parameters: number;
  /** With the names that the file has: parameter keys for weights, paths of modules in nodes. */
  fileGraph(): GraphBuilder;
  /** The same for the engine, which takes the example's own tensors. */
  engineGraph(): Lowered;
}

/** @param example Its tensors give shapes and types. */
export function onnxModel(
  module: Module,
  example: ExampleInputs,
  { forward, dynamicAxes = {}, channelsFirst = [], inputNames = [], outputNames = [] }: OnnxModelOptions = {},
): OnnxModel {
  const args = flatten(argumentsOf(example), 'the example');
  if (args.tensors.length === 0)
    throw new ConfigError(
      'exportONNX: exampleInputs: expected at least one tensor, whose shape the file takes.',
    );
  const names = args.paths.map((path, i) => nameOf(path.slice(1)) ?? inputNames[i] ?? `input_${i}`);
  checkNames('dynamicAxes', Object.keys(dynamicAxes), names);
  checkNames('channelsFirst', channelsFirst, names);
  const axes = args.tensors.map((tensor, i) => axesOf(tensor, names[i]!, dynamicAxes));
  const { graph, result } = traceWith(forward ?? forwardOf(module), args, axes, module);
  if (graph.random.values.length > 0)
    throw new ConfigError('exportONNX: the function draws random numbers. Export it without training: true.');
  optimize(graph);
  const results = result.paths.map((path, i) => nameOf(path) ?? outputNames[i] ?? `output_${i}`);
  checkDistinct([...names, ...results]);
  const keys = new Map([...module.namedParameters()].map(([key, { value }]) => [value as object, key]));
  const turned = channelsFirst.map((name): Value => {
    const value = graph.inputs[names.indexOf(snakeCase(name))]!;
    if (value.shape.length === 4) return value;
    throw new ConfigError(
      `exportONNX: channelsFirst: ${name}: expected a tensor of rank 4, received one of rank ${value.shape.length}.`,
    );
  });
  const { inputs, outputs } = graph;
  const ofModule = graph.captures.filter(({ variable }) => variable && keys.has(variable));
  return {
    trace: graph,
    parameters: ofModule.reduce((sum, { variable }) => sum + variable!.size, 0),
    fileGraph: () =>
      lower(graph, {
        inputs,
        outputs,
        dialect: 'portable',
        inputNames: names,
        outputNames: results,
        captureName: ({ variable }) => variable && keys.get(variable),
        channelsFirst: new Set(turned),
        wideIntegers: true,
      }).graph,
    engineGraph: () => lower(graph, { inputs, outputs, dialect: 'portable' }),
  };
}

export const argumentsOf = (example: ExampleInputs): readonly unknown[] =>
  Array.isArray(example) ? example : [example];

export function forwardOf(module: Module): (...args: never[]) => unknown {
  const { forward } = module as { forward?: (...args: never[]) => unknown };
  if (!forward)
    throw new ConfigError(
      'exportONNX: module: expected a forward method. Name what to export in options.forward.',
    );
  return (...given) => forward.apply(module, given);
}

const nameOf = (path: readonly (string | number)[]) =>
  path.length === 0 || typeof path[0] === 'number'
    ? undefined
    : path.map((p) => snakeCase(String(p))).join('.');

function checkNames(option: string, given: readonly string[], names: readonly string[]): void {
  for (const name of given)
    if (!names.includes(snakeCase(name)))
      throw new ConfigError(
        `exportONNX: ${option}: expected names among ${names.join(', ')}, received ${name}.`,
      );
}

/** One name is one value in a graph. */
function checkDistinct(names: readonly string[]): void {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new ConfigError(
      `exportONNX: ${twice}: two inputs or outputs have this name. Give one of them another: options.forward can ` +
        'rename what a module takes and gives.',
    );
}

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
    for (const [axis, name] of axes[i]!) {
      const size = tensor.shape[axis]!;
      const known = example.get(name) ?? size;
      if (known !== size)
        throw new ConfigError(
          `exportONNX: dynamicAxes: ${name}: expected axes of one size in the example, received ${known} and ${size}.`,
        );
      example.set(name, size);
    }
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

/** Sizes to trace with: not 1, which broadcasts, nor the example's, which may be the most that there can be. */
function threeSizes(size: number): [number, number, number] {
  return size >= 5 ? [size - 1, size - 2, 2] : [2, 3, 5];
}
