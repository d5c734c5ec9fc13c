import * as tf from '@tensorflow/tfjs-core';

let engine = 'cpu';

/** Chooses what {@link useTestEngine} takes in this process: a name that tfjs knows. The conformance suite calls it. */
export function setTestEngine(name: string): void {
  engine = name;
}

/** Makes tfjs compute with the engine under test: `cpu`, unless the suite runs for another one. */
export async function useTestEngine(): Promise<void> {
  if (!(await tf.setBackend(engine))) throw new Error(`useTestEngine: ${engine} did not start.`);
}
