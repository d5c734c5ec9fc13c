import { assertShape, ConfigError, DataError, type KeyValueCache, yieldToEventLoop } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import type { CausalLM } from './causal-lm';

/**
 * Texts that grow token by token, with the caches that go with them. Rows are the model's: as many as texts, until
 * {@link Generation.selectRows} says otherwise.
 */
export class Generation {
  /** The tokens of each text's prompt, without padding. */
  readonly prompts: readonly (readonly number[])[];
  private readonly caches: KeyValueCache[];
  /** Where padding is in each row's prompt; absent where there is none. */
  private masks: number[][] | undefined;
  private newTokens = 0;

  /** @throws ShapeError or DataError when the prompts cannot be. */
  constructor(
    private readonly model: CausalLM,
    private readonly inputIds: tf.Tensor2D,
    attentionMask: tf.Tensor2D | undefined,
    private readonly signal: AbortSignal | undefined,
  ) {
    assertShape(inputIds.shape, [null, null], 'generate: inputIds');
    const ids = inputIds.arraySync();
    if (attentionMask) assertShape(attentionMask.shape, inputIds.shape, 'generate: attentionMask');
    const masks = attentionMask?.arraySync() ?? ids.map((row) => row.map(() => 1));
    for (const [row, mask] of masks.entries()) {
      if (mask.length > 0 && mask.lastIndexOf(0) < mask.indexOf(1)) continue;
      throw new DataError(
        `generate: attentionMask: expected padding on the left only and then a token or more, received ` +
          `[${mask.join(', ')}] in row ${row}.`,
      );
    }
    this.masks = masks.some((mask) => mask.includes(0)) ? masks : undefined;
    this.prompts = ids.map((row, i) => row.filter((_, j) => masks[i]![j] === 1));
    this.caches = model.createCaches();
  }

  /** Logits of what follows the prompts, by row. */
  start(): Promise<Float32Array[]> {
    return this.run(this.inputIds);
  }

  /** Adds a token to each row; returns the logits of what follows. */
  async next(tokens: readonly number[]): Promise<Float32Array[]> {
    this.newTokens++;
    const inputIds = tf.tensor2d(tokens as number[], [tokens.length, 1], 'int32');
    try {
      return await this.run(inputIds);
    } finally {
      inputIds.dispose();
    }
  }

  /** Goes on with other rows: each takes over the past of the one named. */
  selectRows(rows: readonly number[]): void {
    for (const cache of this.caches) cache.selectRows(rows);
    this.masks = this.masks && rows.map((row) => this.masks![row]!);
  }

  dispose(): void {
    for (const cache of this.caches) cache.dispose();
  }

  private async run(inputIds: tf.Tensor2D): Promise<Float32Array[]> {
    // An engine that computes at once never gives way by itself, and then nobody could abort.
    await yieldToEventLoop();
    this.signal?.throwIfAborted();
    const { model, caches } = this;
    const logits = tf.tidy(() => {
      const mask = this.masks?.map((row) => [...row, ...Array<number>(this.newTokens).fill(1)]);
      const attentionMask = mask && tf.tensor2d(mask, undefined, 'int32');
      return model.forward({ inputIds, attentionMask, caches, lastOnly: true }).logits; // [rows, 1, vocabSize]
    });
    const [rows, , vocabSize] = logits.shape;
    try {
      const values = (await logits.data()) as Float32Array;
      return Array.from({ length: rows }, (_, i) => values.slice(i * vocabSize, (i + 1) * vocabSize));
    } finally {
      logits.dispose();
    }
  }
}

/** @throws ConfigError when a number is not one of at least `least`, or not whole where it has to be. */
export function checkOption(
  name: string,
  value: number | undefined,
  least: number,
  kind: 'an integer' | 'a number' = 'a number',
): void {
  if (value === undefined) return;
  const isKind = kind === 'an integer' ? Number.isSafeInteger(value) : Number.isFinite(value);
  if (!isKind || value < least)
    throw new ConfigError(`generate: ${name}: expected ${kind} of at least ${least}, received ${value}.`);
}
