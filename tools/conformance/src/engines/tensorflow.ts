import type { Engine } from './engine';
import { startBackend } from './start-backend';

export const tensorflow: Engine = {
  backend: 'tensorflow',
  label: 'tensorflow',
  start: () => startBackend('tensorflow'),
  accepted: [],
};
