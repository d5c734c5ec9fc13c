import '@crossmodal/backend-wasm';
import type { Engine } from './engine';
import { startBackend } from './start-backend';

export const wasm: Engine = {
  backend: 'wasm',
  label: 'wasm',
  start: () => startBackend('wasm'),
  accepted: [],
};
