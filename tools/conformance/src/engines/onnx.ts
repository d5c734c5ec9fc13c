import '@crossmodal/backend-onnx';
import type { Engine } from './engine';
import { startBackend } from './start-backend';

export const onnx: Engine = {
  backend: 'onnx',
  label: 'onnx',
  start: () => startBackend('onnx'),
  accepted: [],
};
