import * as tf from '@tensorflow/tfjs-core';
import { ConfigError } from '../errors';
import { kaimingUniform } from '../layers/initializers';
import { type Module, parameterPattern } from '../module';
import { Parameter } from '../parameter';
import type { Rng } from '../rng';
import { checkLoRASettings, LoRA } from './lora';
import { assertCanAdd, linearsByPath } from './lora-targets';
import { setAdapter } from './set-adapter';

export interface AddLoRAOptions {
  /** Which {@link Linear}s, by path, as `Module.selectParameters` takes it: `'*.q_proj'`, `'text_model'`, `/fc[12]$/`. */
  pattern: string | RegExp;
  /** Columns of A and rows of B: what an adapter costs, and what it can do. */
  rank: number;
  /** The product A B is multiplied by `alpha / rank`. */
  alpha: number;
  /** Rate of dropout on what goes into A, in training. Default 0. */
  dropout?: number;
  /** Default `default`. */
  name?: string;
  /** Gives A its first values; B starts at 0, so that nothing changes at first. */
  rng: Rng;
}

/**
 * Freezes a module and gives every matching {@link Linear} a low-rank adapter to train in its place,
 * `y = x W + b + alpha / rank · (x A) B`, which is active from then on ({@link setAdapter}).
 *
 * `trainableParameters()` is then A and B of each layer, `<path>.lora_A.<name>.weight` and
 * `<path>.lora_B.<name>.weight`; make the optimizer afterwards. More may be trained beside them:
 * `module.unfreeze('logit_scale')`. `stateDict()` stays that of the base; {@link loraStateDict} is the adapter's,
 * and a {@link Trainer}'s checkpoints hold both. Several adapters may be added under different names. Dropout
 * reaches the layers that are called with a context, as all in a {@link TransformerBlock} are.
 *
 * @returns The paths of the layers that have it.
 * @throws ConfigError when nothing matches, the name is taken, an adapter is merged, or a setting is out of range.
 * @see Hu et al. 2021, "LoRA: Low-rank adaptation of large language models", equation 3.
 * @example
 * addLoRA(clip, { pattern: /(q_proj|v_proj)$/, rank: 8, alpha: 16, rng: new Rng(0) });
 * const optimizer = new AdamW(clip.trainableParameters());
 */
export function addLoRA(
  module: Module,
  { pattern, rank, alpha, dropout = 0, name = 'default', rng }: AddLoRAOptions,
): string[] {
  checkLoRASettings({ rank, alpha, dropout }, 'addLoRA');
  assertCanAdd(module, name, 'addLoRA');
  const matches = parameterPattern(pattern);
  const linears = linearsByPath(module);
  const chosen = [...linears].filter(([path]) => matches(path));
  if (chosen.length === 0) {
    const some = [...linears.keys()].slice(0, 5).join(', ') || 'none';
    throw new ConfigError(
      `addLoRA: pattern: no Linear matches ${pattern}. There are ${linears.size}, such as: ${some}.`,
    );
  }
  module.freeze();
  for (const [path, linear] of chosen) {
    const [inSize, outSize] = linear.weight.shape as [number, number];
    const first = kaimingUniform([inSize, rank], rng.split(path), { layout: 'linear', a: Math.sqrt(5) });
    linear.lora ??= new LoRA();
    linear.lora.add(name, {
      a: new Parameter(first, { layout: 'linear', adapter: true }),
      b: new Parameter(tf.zeros([rank, outSize]), { layout: 'linear', adapter: true }),
      rank,
      alpha,
      dropout,
    });
  }
  setAdapter(module, name);
  return chosen.map(([path]) => path);
}
