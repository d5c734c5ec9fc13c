import { broadcast_util } from '@tensorflow/tfjs-core';
import { broadcastIndices } from '../broadcast-indices';
import type { WasmKernel } from '../kernel';

/** floor(a / b) as int32, which tfjs's gives as float32 and without broadcasting every shape. */
const floorDiv: WasmKernel = {
  kernelName: 'FloorDiv',
  compute({ inputs, heap }) {
    const [a, b] = [inputs['a']!, inputs['b']!];
    const shape = broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);
    const output = heap.allocate(shape, 'int32');
    const [to, as, bs] = [heap.values(output), heap.values(a), heap.values(b)];
    const [aAt, bAt] = [broadcastIndices(a.shape, shape), broadcastIndices(b.shape, shape)];
    for (let i = 0; i < to.length; i++) to[i] = Math.floor(as[aAt[i]!]! / bs[bAt[i]!]!);
    return output;
  },
};

export const divisions = [floorDiv];
