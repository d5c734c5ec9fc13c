import type { Engine } from './engine';
import { startBackend } from './start-backend';

export const webgpuNode: Engine = {
  backend: 'webgpu',
  label: 'webgpu in Node (Dawn)',
  start: () => startBackend('webgpu'),
  accepted: [],
};
