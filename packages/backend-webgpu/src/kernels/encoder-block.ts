import type { WebgpuKernel } from '../kernel';
import { preNormBlock } from './pre-norm-block';

export const encoderBlock: WebgpuKernel = {
  kernelName: 'FusedEncoderBlock',
  compute: (call) => preNormBlock(call),
};
