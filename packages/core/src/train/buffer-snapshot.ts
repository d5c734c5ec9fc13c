import * as tf from '@tensorflow/tfjs-core';
import type { Parameter } from '../parameter';

/** Buffers (running statistics) as they are now: a forward pass in training changes them. Shares their memory. */
export class BufferSnapshot {
  private values: [Parameter, tf.Tensor][];

  constructor(parameters: Iterable<Parameter>) {
    this.values = [...parameters].filter((p) => p.buffer).map((p) => [p, tf.clone(p.value)]);
  }

  /** Puts the values back, and ends the snapshot. */
  restore(): void {
    for (const [parameter, value] of this.values) parameter.assign(value);
    this.values = [];
  }

  /** Ends the snapshot; what came after it stays. */
  release(): void {
    for (const [, value] of this.values) value.dispose();
    this.values = [];
  }
}
