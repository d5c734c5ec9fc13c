import type { Engine } from './engine';
import { startBackend } from './start-backend';

export const tensorflow: Engine = {
  backend: 'tensorflow',
  label: 'tensorflow',
  start: () => startBackend('tensorflow'),
  accepted: [],
  failing: [
    [
      /(embedding|softmaxCrossEntropy) > names what does not fit/,
      'ids are not read back to be checked: libtensorflow names the one that does not fit',
    ],
  ],
};
