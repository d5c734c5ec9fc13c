import { readFileSync } from 'node:fs';
import { type Module, parseSafetensors, type StateDict } from '@crossmodal/core';
import { expectClose, type Golden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';

/** A folder that a recipe saved as transformers does. */
export interface TinyModel {
  /** config.json */
  json: Record<string, unknown>;
  /** The bytes of model.safetensors. */
  bytes: Uint8Array;
  state: StateDict;
  /** What lies below a prefix, without it. */
  below(prefix: string): StateDict;
}

/** Reads `golden/<name>/`. */
export function readTinyModel(name: string): TinyModel {
  const read = (file: string) => readFileSync(new URL(`../golden/${name}/${file}`, import.meta.url));
  const bytes = new Uint8Array(read('model.safetensors'));
  const state = parseSafetensors(bytes).tensors;
  return {
    json: JSON.parse(read('config.json').toString('utf8')),
    bytes,
    state,
    below: (prefix) =>
      Object.fromEntries(
        Object.entries(state)
          .filter(([key]) => key.startsWith(prefix))
          .map(([key, tensor]) => [key.slice(prefix.length), tensor]),
      ),
  };
}

/** Compares every `grad.…` of the fixture with the gradient of the parameter that `keys` names for it. */
export function expectGoldenGradients(
  golden: Golden,
  module: Module,
  gradients: ReadonlyMap<string, tf.Tensor>,
  keys: Readonly<Record<string, string>>,
): void {
  const named = module.namedParameters();
  const axes = { linear: [1, 0], conv2d: [3, 2, 0, 1] } as Record<string, number[] | undefined>;
  for (const [name, key] of Object.entries(keys)) {
    const gradient = gradients.get(key);
    if (!gradient) throw new Error(`expectGoldenGradients: no gradient of ${key}.`);
    const layout = axes[named.get(key)!.layout];
    const inFile = layout ? tf.transpose(gradient, layout) : gradient;
    expectClose(inFile, golden.tensor(`grad.${name}`), { absolute: 1e-5, relative: 1e-3 });
  }
}
