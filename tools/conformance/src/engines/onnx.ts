import '@crossmodal/backend-onnx';
import type { Engine } from './engine';
import { startBackend } from './start-backend';

export const onnx: Engine = {
  name: 'onnx',
  backend: 'onnx',
  label: 'onnx',
  start: () => startBackend('onnx'),
  accepted: [],
};
