import type { DType } from '../heap';
import type { WasmKernel } from '../kernel';

/** tfjs's keeps the low byte of a number that becomes a bool: 256 and 0.5 would be false. */
const cast: WasmKernel = {
  kernelName: 'Cast',
  compute({ inputs, attrs, heap }) {
    const x = inputs['x']!;
    const dtype = attrs['dtype'] as DType;
    if (x.dtype === dtype) return heap.reshape(x, x.shape);
    if (dtype !== 'bool') return undefined;
    const output = heap.allocate(x.shape, 'bool');
    const [from, to] = [heap.values(x), heap.values(output)];
    for (let i = 0; i < to.length; i++) to[i] = from[i] !== 0 ? 1 : 0;
    return output;
  },
};

export const casts = [cast];
