import * as tf from '@tensorflow/tfjs-core';
import { ConfigError } from '../errors';
import { type ForwardContext, requireRng } from '../forward-context';
import { Module } from '../module';
import { assertRate, dropout } from '../ops/dropout';
import { linear } from '../ops/linear';
import { residualAdd } from '../ops/residual-add';
import type { Parameter } from '../parameter';

/** What every layer of an adapter has in common. */
export interface LoRASettings {
  /** Columns of A and rows of B. */
  rank: number;
  /** The product A B is multiplied by `alpha / rank`. */
  alpha: number;
  /** Rate of dropout on what goes into A, in training. */
  dropout: number;
}

/** An adapter's part in one layer: `y + alpha / rank · (x A) B`. */
export interface LoRALayer extends LoRASettings {
  /** [in, rank]; in files [rank, in]. */
  a: Parameter;
  /** [rank, out]; in files [out, rank]. */
  b: Parameter;
}

/**
 * The low-rank adapters of one {@link Linear}, by name, of which one at most is active. Its parameters are
 * `lora_A.<name>.weight` and `lora_B.<name>.weight` beside the layer's own. Made by {@link addLoRA}.
 */
export class LoRA extends Module {
  private readonly layers = new Map<string, LoRALayer>();
  private active: string | undefined;
  private merged = false;

  /** Whether there is something to be added to what the weight gives. */
  get isApplied(): boolean {
    return this.active !== undefined && !this.merged;
  }

  get isMerged(): boolean {
    return this.merged;
  }

  get names(): string[] {
    return [...this.layers.keys()];
  }

  get(name: string): LoRALayer | undefined {
    return this.layers.get(name);
  }

  add(name: string, layer: LoRALayer): void {
    this.layers.set(name, layer);
  }

  /** Releases an adapter. What was merged of it stays in the weight. */
  remove(name: string): void {
    const layer = this.layers.get(name);
    if (!layer) return;
    tf.dispose([layer.a.value, layer.b.value]);
    this.layers.delete(name);
    if (this.active !== name) return;
    this.active = undefined;
    this.merged = false;
  }

  /** Makes the adapter of this name the active one, if there is such: it alone is trained. */
  activate(name: string | undefined): void {
    this.active = name !== undefined && this.layers.has(name) ? name : undefined;
    for (const [other, { a, b }] of this.layers) a.trainable = b.trainable = other === this.active;
  }

  /**
   * `y` and what the active adapter makes of `x`.
   *
   * @param y float32 [..., out]
   * @param x float32 [..., in]
   * @returns float32 [..., out]; the caller disposes it.
   */
  addTo(y: tf.Tensor, x: tf.Tensor, context: ForwardContext | undefined): tf.Tensor {
    const { a, b, rank, alpha, dropout: rate } = this.layers.get(this.active!)!;
    return tf.tidy(() => {
      const drops = context?.training && rate > 0;
      const input = drops ? dropout(x, rate, requireRng(context, 'LoRA')) : x;
      const low = tf.mul(linear(input, a.value), alpha / rank); // [..., rank]
      return residualAdd(y, linear(low, b.value));
    });
  }

  /** Adds the active adapter to the layer's weight, or takes it out again. */
  merge(weight: Parameter, merged: boolean): void {
    if (this.active === undefined || merged === this.merged) return;
    const { a, b, rank, alpha } = this.layers.get(this.active)!;
    weight.assign(
      tf.tidy(() => {
        const product = tf.matMul(a.value as tf.Tensor as tf.Tensor2D, b.value as tf.Tensor as tf.Tensor2D);
        return tf.add(weight.value, tf.mul(product, ((merged ? 1 : -1) * alpha) / rank));
      }),
    );
    this.merged = merged;
  }

  protected override *children(): Iterable<[string, Parameter]> {
    for (const [name, { a, b }] of this.layers) {
      yield [`lora_A.${name}.weight`, a];
      yield [`lora_B.${name}.weight`, b];
    }
  }
}

/** @throws ConfigError when a setting is out of range. */
export function checkLoRASettings({ rank, alpha, dropout }: LoRASettings, who: string): void {
  if (!Number.isInteger(rank) || rank < 1)
    throw new ConfigError(`${who}: rank: expected a positive integer, received ${rank}.`);
  if (!Number.isFinite(alpha))
    throw new ConfigError(`${who}: alpha: expected a finite number, received ${alpha}.`);
  assertRate(dropout, `${who}: dropout`);
}
