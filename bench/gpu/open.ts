import { configureWebgpuBackend, type WebgpuBackend } from '@crossmodal/backend-webgpu';
import { isCrossmodalError, useBackend } from '@crossmodal/core';
import { useSoftwareGpu } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';

/** The GPU, or with `software` one in software; undefined, with a note, where there is none. */
export async function openGpu(software: boolean): Promise<WebgpuBackend | undefined> {
  if (software) {
    const missing = useSoftwareGpu({ f16: true }) && useSoftwareGpu();
    if (missing) console.log(missing);
    configureWebgpuBackend({ allowSoftwareAdapter: true });
    tf.env().set('WEBGPU_CPU_FORWARD', false);
  }
  try {
    await useBackend('webgpu');
  } catch (error) {
    if (!isCrossmodalError(error)) throw error;
    console.log(`${error.message}\nNothing was measured.`);
    return undefined;
  }
  return tf.backend() as WebgpuBackend;
}

/** What is measured; it leaves no tensors behind. */
export type Call = () => void | Promise<void>;

/** Least milliseconds of a call, of `rounds` of `calls` that are enqueued together and then waited for. */
export async function millisecondsOf(run: Call, calls: number, rounds = 5): Promise<number> {
  let least = Infinity;
  for (let round = 0; round <= rounds; round++) {
    const began = performance.now();
    for (let i = 0; i < calls; i++) await run();
    await allDone();
    if (round > 0) least = Math.min(least, (performance.now() - began) / calls); // the first one compiles
  }
  return least;
}

/** Submits what is left, and waits for it: commands take place in order. */
export async function allDone(): Promise<void> {
  const one = tf.square(1);
  await one.data();
  one.dispose();
}
