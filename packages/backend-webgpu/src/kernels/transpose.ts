import type { WebgpuKernel } from '../kernel';

/** A transpose that moves axes of size 1 alone, as that of one token's heads, changes nothing in memory. */
export const transpose: WebgpuKernel = {
  kernelName: 'Transpose',
  compute({ inputs, attrs, backend }) {
    const { dataId, dtype, shape } = inputs['x']!;
    const order = attrs['perm'] as number[];
    const moved = order.filter((axis) => shape[axis] !== 1);
    if (dtype === 'complex64' || moved.some((axis, i) => i > 0 && axis < moved[i - 1]!)) return undefined;
    backend.incRef(dataId);
    return { dataId, dtype, shape: order.map((axis) => shape[axis]!) };
  },
};
