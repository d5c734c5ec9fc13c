import type { Module } from '@crossmodal/core';
import type { Flat } from '../arguments';
import { TraceError } from '../errors';
import { type Dim, evaluateDim, fitDim } from './dim';
import { type Traced, trace } from './trace';
import type { TraceGraph, Value } from './trace-graph';

/** A size that is open, with three that it may have: those that the function is traced with. */
export interface OpenSize {
  name: string;
  sizes: readonly [number, number, number];
}

/** What a function is traced with where the names have these sizes. */
export type ArgumentsAt = (sizes: Readonly<Record<string, number>>) => { args: Flat; shapes: number[][] };

/**
 * Traces a function with some sizes open. It is traced once for each combination of their first and second sizes;
 * every number that differs is then the polynomial that has these values, which another trace must bear out.
 *
 * @throws TraceError where the traces differ in more than numbers, or a number depends on sizes in another way.
 */
export function traceDynamic(
  fn: (...args: never[]) => unknown,
  at: ArgumentsAt,
  symbols: readonly OpenSize[],
  module?: Module,
): Traced {
  const names = symbols.map(({ name }) => name);
  const sizesAt = (choose: (i: number) => 0 | 1 | 2) =>
    Object.fromEntries(symbols.map(({ name, sizes }, i) => [name, sizes[choose(i)]]));
  const run = (sizes: Record<string, number>) => {
    const { args, shapes } = at(sizes);
    return trace(fn, args, { module, shapes });
  };
  const traces = Array.from({ length: 1 << symbols.length }, (_, set) =>
    run(sizesAt((i) => (set & (1 << i) ? 1 : 0))),
  );
  const other = sizesAt(() => 2);
  const all = [...traces, run(other)];
  const [first, second] = [0, 1].map((k) => symbols.map(({ sizes }) => sizes[k]!)) as [number[], number[]];
  const merge: Merge = (numbers, what) => {
    if (numbers.every((value) => value === numbers[0])) return numbers[0]!;
    const dim = numbers.every(Number.isInteger) && fitDim(numbers.slice(0, -1), names, first, second);
    if (dim && evaluateDim(dim, other) === numbers.at(-1)) return dim;
    throw new TraceError(
      `compile: ${what} depends on ${names.join(' and ')} in a way that a graph cannot say: ${numbers.join(', ')}.`,
    );
  };
  mergeGraphs(
    all.map(({ graph }) => graph),
    merge,
  );
  return traces[0]!;
}

type Merge = (numbers: readonly number[], what: string) => Dim;

/** Puts what differs between the graphs as dimensions into the first. */
function mergeGraphs(graphs: readonly TraceGraph[], merge: Merge): void {
  const [graph] = graphs as [TraceGraph];
  const shapesOf = (values: readonly Value[], what: string) => {
    values[0]!.shape = sameLength(
      values.map(({ shape }) => shape),
      what,
    ).map((sizes) => merge(sizes as number[], `a size of ${what}`));
  };
  const merged = new Set<Value>();
  const mergeValue = (values: readonly Value[], what: string) => {
    if (merged.has(values[0]!)) return;
    merged.add(values[0]!);
    const sources = values.map(({ source }) => source);
    if (sources[0]!.kind === 'constant') mergeConstant(values, what, merge);
    else shapesOf(values, what);
  };
  for (const [i, value] of graph.inputs.entries())
    mergeValue(
      graphs.map(({ inputs }) => inputs[i]!),
      `input ${value.source.kind === 'input' ? value.source.index : i}`,
    );
  for (const [i] of graph.random.values.entries())
    mergeValue(
      graphs.map(({ random }) => random.values[i]!),
      'a random tensor',
    );
  sameLength(
    graphs.map(({ nodes }) => nodes),
    'the list of operations',
  ).forEach((nodes, at) => {
    const node = graph.nodes[at]!;
    const what = `${node.kernel}${node.scope && ` in ${node.scope}`}`;
    if (nodes.some(({ kernel }) => kernel !== node.kernel))
      throw new TraceError(`compile: ${what} is called for some of the open sizes only.`);
    for (const name of Object.keys(node.inputs))
      mergeValue(
        nodes.map(({ inputs }) => inputs[name]!),
        `an operand of ${what}`,
      );
    node.attrs = mergeAttrs(
      nodes.map(({ attrs }) => attrs),
      what,
      merge,
    ) as typeof node.attrs;
    for (const [i] of node.outputs.entries())
      mergeValue(
        nodes.map(({ outputs }) => outputs[i]!),
        `the result of ${what}`,
      );
  });
  for (const [i] of graph.outputs.entries())
    mergeValue(
      graphs.map(({ outputs }) => outputs[i]!),
      'a result',
    );
}

/** A tensor made from numbers: of one value, or of whole numbers that follow from sizes. */
function mergeConstant(values: readonly Value[], what: string, merge: Merge): void {
  const arrays = values.map(
    ({ source }): ArrayLike<number> => (source.kind === 'constant' ? source.values : []),
  );
  const value = values[0]!;
  value.shape = sameLength(
    values.map(({ shape }) => shape),
    what,
  ).map((sizes) => merge(sizes as number[], `a size of ${what}`));
  const array = arrays[0]!;
  const sameSize = arrays.every(({ length }) => length === array.length);
  if (sameSize) {
    const numbers = Array.from(array, (_, i) =>
      merge(
        arrays.map((a) => a[i]!),
        `a constant of ${what}`,
      ),
    );
    if (numbers.some((number) => typeof number !== 'number'))
      value.source = { kind: 'sizes', values: numbers };
    return;
  }
  const uniform = arrays.every((a) => Array.prototype.every.call(a, (x) => x === array[0]));
  if (!uniform)
    throw new TraceError(
      `compile: ${what} is made from numbers, as many as an open size says. Make it of tensors: tf.range, tf.fill.`,
    );
  value.source = { kind: 'filled', value: array[0]! };
}

function mergeAttrs(values: readonly unknown[], what: string, merge: Merge): unknown {
  const [value] = values;
  if (values.every((v) => typeof v === 'number'))
    return values.every((v) => Object.is(v, value))
      ? value
      : merge(values as number[], `an attribute of ${what}`);
  if (Array.isArray(value))
    return sameLength(values as unknown[][], what).map((items) => mergeAttrs(items, what, merge));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.keys(value).map((key) => [
        key,
        mergeAttrs(
          values.map((v) => (v as Record<string, unknown>)[key]),
          what,
          merge,
        ),
      ]),
    );
  if (values.some((v) => v !== value))
    throw new TraceError(`compile: an attribute of ${what} differs between open sizes.`);
  return value;
}

/** Lists of one length, turned: the entries of each place. */
function sameLength<T>(lists: readonly (readonly T[])[], what: string): T[][] {
  const [list] = lists as [readonly T[]];
  if (lists.some(({ length }) => length !== list.length))
    throw new TraceError(
      `compile: ${what} is not the same for all of the open sizes (${lists.map(({ length }) => length).join(', ')}).`,
    );
  return list.map((_, i) => lists.map((items) => items[i]!));
}
