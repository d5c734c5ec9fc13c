import type { WasmKernel } from '../kernel';

/** The same memory once more; tfjs's copies it. */
const identity: WasmKernel = {
  kernelName: 'Identity',
  compute: ({ inputs, heap }) => heap.reshape(inputs['x']!, inputs['x']!.shape),
};

export const identities = [identity];
