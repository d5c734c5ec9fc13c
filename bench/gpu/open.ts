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

/** Least milliseconds of a call, of several rounds of `calls` that are enqueued together and then waited for. */
export async function millisecondsOf(run: () => tf.Tensor, calls: number, rounds = 5): Promise<number> {
  let least = Infinity;
  for (let round = 0; round <= rounds; round++) {
    const began = performance.now();
    let last: tf.Tensor | undefined;
    for (let i = 0; i < calls; i++) {
      last?.dispose();
      last = tf.tidy(run);
    }
    const one = tf.tidy(() => tf.slice(tf.reshape(last!, [-1]), 0, 1));
    await one.data();
    tf.dispose([one, last!]);
    if (round > 0) least = Math.min(least, (performance.now() - began) / calls); // the first one compiles
  }
  return least;
}
