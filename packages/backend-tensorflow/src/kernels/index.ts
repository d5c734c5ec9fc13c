import * as tf from '@tensorflow/tfjs-core';
import { asKernel, asKernelFunc, type Mend } from './mend';
import { avgPool, convolution, filterGradient, inputGradient, maxPool, maxPoolGradient } from './padding';
import { argOfBool, expOfIntegers, floorDiv, gather, prelu, sign } from './values';

/** Kernels of tfjs-node 4.22 that compute something else than tfjs's cpu does, or throw. */
const mends: Record<string, Mend> = {
  [tf.ArgMax]: argOfBool,
  [tf.ArgMin]: argOfBool,
  [tf.AvgPool]: avgPool,
  [tf.Conv2D]: convolution(false),
  [tf.Conv2DBackpropFilter]: filterGradient(false),
  [tf.Conv2DBackpropInput]: inputGradient(false),
  [tf.DepthwiseConv2dNative]: convolution(true),
  [tf.DepthwiseConv2dNativeBackpropFilter]: filterGradient(true),
  [tf.DepthwiseConv2dNativeBackpropInput]: inputGradient(true),
  [tf.Exp]: expOfIntegers,
  [tf.FloorDiv]: floorDiv,
  [tf.FusedConv2D]: convolution(false),
  [tf.FusedDepthwiseConv2D]: convolution(true),
  [tf.GatherV2]: gather,
  [tf.MaxPool]: maxPool,
  [tf.MaxPoolGrad]: maxPoolGradient,
  [tf.Prelu]: prelu,
  [tf.Sign]: sign,
};

/** Puts ours in the place of tfjs-node's. */
export function mendKernels(): void {
  for (const [kernelName, mend] of Object.entries(mends)) {
    const kernelFunc = asKernelFunc(mend(asKernel(tf.getKernel(kernelName, 'tensorflow')!.kernelFunc)));
    tf.unregisterKernel(kernelName, 'tensorflow');
    tf.registerKernel({ kernelName, backendName: 'tensorflow', kernelFunc });
  }
}
