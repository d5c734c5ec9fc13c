import '@tensorflow/tfjs-backend-wasm';
import type { Engine } from './engine';
import { startBackend } from './start-backend';

export const wasm: Engine = {
  backend: 'wasm',
  label: 'wasm',
  start: () => startBackend('wasm'),
  accepted: [
    [/^matMul \[(0,4|3,0)\]/, 'leaves products of empty matrices unset'],
    [/^((fused )?conv2d|conv2dTranspose) /, 'no Conv2DBackpropFilter: no gradient of the filter'],
    [/^depthwiseConv2d /, 'no depthwise gradients'],
    [/^einsum /, 'no Einsum'],
    [/^(gather|unsortedSegmentSum) /, 'no UnsortedSegmentSum: no gradient of gather'],
    [/^cast .* to bool/, 'casts to bool by the low byte'],
    [/^floorDiv /, 'returns float32'],
    [/^maxPool /, 'wrong gradient'],
    [/^resize(Bilinear|NearestNeighbor) /, 'wrong gradient, or none'],
  ],
};
