import { configureWebgpuBackend } from '@crossmodal/backend-webgpu';
import { useSoftwareGpu } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import type { Engine } from './engine';
import { startBackend } from './start-backend';
import { webgpuDifferences } from './webgpu-differences';

export const webgpuNode: Engine = {
  backend: 'webgpu',
  label: 'webgpu in Node (Dawn)',
  async start() {
    const missing = useSoftwareGpu();
    if (missing) return missing;
    configureWebgpuBackend({ allowSoftwareAdapter: true });
    tf.env().set('WEBGPU_CPU_FORWARD', false); // else tfjs computes small tensors on the CPU
    return startBackend('webgpu');
  },
  ...webgpuDifferences,
};
