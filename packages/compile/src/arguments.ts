import { Module, Rng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { TraceError } from './errors';

/** Arguments or results with their tensors and generators taken out. */
export interface Flat {
  tensors: tf.Tensor[];
  /** Where each tensor is: names of fields and indices. */
  paths: readonly (string | number)[][];
  rngs: Rng[];
  /** Equal for values of the same structure, shapes, types, numbers, strings and modules. */
  signature: string;
  /** The same structure with others in place of the tensors and generators. */
  rebuild(tensors: readonly tf.Tensor[], rngs: readonly Rng[]): unknown;
}

/** @throws TraceError for what is neither a tensor nor plain data, a module, a generator or a function. */
export function flatten(root: unknown, what: string): Flat {
  const tensors: tf.Tensor[] = [];
  const paths: (string | number)[][] = [];
  const rngs: Rng[] = [];
  type Rebuild = (tensors: readonly tf.Tensor[], rngs: readonly Rng[]) => unknown;
  const walk = (value: unknown, path: (string | number)[]): [string, Rebuild] => {
    if (value instanceof tf.Tensor) {
      const index = tensors.push(value) - 1;
      paths.push(path);
      return [`${value.dtype}[${value.shape}]`, (given) => given[index]];
    }
    if (value instanceof Rng) {
      const index = rngs.push(value) - 1;
      return ['rng', (_, given) => given[index]];
    }
    if (value === undefined || value === null || ['number', 'string', 'boolean'].includes(typeof value))
      return [typeof value === 'string' ? JSON.stringify(value) : String(value), () => value];
    if (value instanceof Module || typeof value === 'function') return [`#${identityOf(value)}`, () => value];
    if (Array.isArray(value)) {
      const parts = value.map((item, i) => walk(item, [...path, i]));
      return [`[${parts.map(([s]) => s)}]`, (t, r) => parts.map(([, rebuild]) => rebuild(t, r))];
    }
    if (isPlain(value)) {
      const parts = Object.entries(value).map(([key, item]) => [key, ...walk(item, [...path, key])] as const);
      return [
        `{${parts.map(([key, s]) => `${key}:${s}`)}}`,
        (t, r) => Object.fromEntries(parts.map(([key, , rebuild]) => [key, rebuild(t, r)])),
      ];
    }
    throw new TraceError(
      `compile: ${[what, ...path].join('.')}: expected tensors, numbers, strings, modules and generators, plain or in arrays and objects, ` +
        `received ${describe(value)}. Pass what it holds as tensors.`,
    );
  };
  const [signature, rebuild] = walk(root, []);
  return { tensors, paths, rngs, signature, rebuild };
}

const isPlain = (value: object): value is Record<string, unknown> => {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

const describe = (value: unknown) =>
  typeof value === 'object' ? `a ${value?.constructor?.name ?? 'object'}` : typeof value;

const identities = new WeakMap<object, number>();
let identityCount = 0;
function identityOf(value: object): number {
  const known = identities.get(value);
  if (known !== undefined) return known;
  identities.set(value, ++identityCount);
  return identityCount;
}
