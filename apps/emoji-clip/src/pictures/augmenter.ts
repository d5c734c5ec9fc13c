import { Worker } from 'node:worker_threads';
import type { RngState } from '@crossmodal/core';
import type { AugmentStrength } from './augment-picture';
import type { PictureStack } from './picture-stack';

/** What the worker is told once. */
export interface AugmenterSetup {
  stack: PictureStack;
  strength: AugmentStrength;
  imageSize: number;
}

/** One batch to make. */
export interface AugmentRequest {
  id: number;
  pictures: number[];
  rng: RngState;
}

/** The batch made: `pictures.length * imageSize * imageSize * 3` floats; or why it was not. */
export type AugmentReply = { id: number; pixels: Float32Array<ArrayBuffer> } | { id: number; error: string };

/** Changes pictures at random in a thread of its own, while the model is busy with the batch before. */
export class Augmenter {
  private readonly worker: Worker;
  private readonly waiting = new Map<
    number,
    { resolve: (pixels: Float32Array) => void; reject: (error: Error) => void }
  >();
  private nextId = 0;

  constructor(setup: AugmenterSetup) {
    this.worker = new Worker(new URL('./augment-worker.mjs', import.meta.url), {
      workerData: setup,
      execArgv: ['--conditions=crossmodal-source'],
    });
    this.worker.on('message', (reply: AugmentReply) => {
      const { resolve, reject } = this.waiting.get(reply.id)!;
      this.waiting.delete(reply.id);
      if ('error' in reply) reject(new Error(reply.error));
      else resolve(reply.pixels);
    });
    this.worker.on('error', (error) => {
      for (const { reject } of this.waiting.values()) reject(error as Error);
      this.waiting.clear();
    });
  }

  /** Pixels of these pictures, changed as `rng` says. */
  augment(pictures: number[], rng: RngState): Promise<Float32Array> {
    return new Promise((resolve, reject) => {
      const id = this.nextId++;
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, pictures, rng } satisfies AugmentRequest);
    });
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }
}
