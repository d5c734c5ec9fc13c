import type { WebgpuKernel } from '../kernel';
import { preNormBlock } from './pre-norm-block';

export const decoderBlock: WebgpuKernel = {
  kernelName: 'FusedDecoderBlock',
  compute({ inputs, attrs, backend }) {
    const cache = { keys: inputs['keys']!, values: inputs['values']!, past: attrs['past'] as number };
    return preNormBlock({ inputs, attrs: { ...attrs, causal: true }, backend }, cache);
  },
};
