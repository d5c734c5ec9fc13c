import * as tf from '@tensorflow/tfjs-core';

/**
 * Makes tfjs compute with the engine under test: the tfjs name in `CROSSMODAL_TEST_ENGINE`, by default `cpu`. The
 * engine is registered already, by the test file (`cpu`) or by the setup of the project that sets the variable.
 */
export async function useTestEngine(): Promise<void> {
  const { env } = import.meta as unknown as { env: Record<string, string | undefined> };
  const name = env['CROSSMODAL_TEST_ENGINE'] ?? 'cpu';
  if (!(await tf.setBackend(name))) throw new Error(`useTestEngine: ${name} did not start.`);
}
