import type { Engine } from './engine';
import { startBackend } from './start-backend';

export const tensorflow: Engine = {
  name: 'tensorflow',
  backend: 'tensorflow',
  label: 'tensorflow',
  start: () => startBackend('tensorflow'),
  accepted: [],
};
