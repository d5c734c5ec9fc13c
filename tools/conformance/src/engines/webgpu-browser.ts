import { configureWebgpuBackend } from '@crossmodal/backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import type { Engine } from './engine';
import { startBackend } from './start-backend';
import { webgpuDifferences } from './webgpu-differences';

export const webgpuBrowser: Engine = {
  backend: 'webgpu',
  label: 'webgpu in Chromium',
  start() {
    configureWebgpuBackend({ allowSoftwareAdapter: true });
    tf.env().set('WEBGPU_CPU_FORWARD', false); // else tfjs computes small tensors on the CPU
    return startBackend('webgpu');
  },
  ...webgpuDifferences,
};
