import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmKernel } from '../kernel';
import { sizeOf } from '../kernel';
import { f32x4 } from '../simd/assembler';
import { elementwise } from '../simd/elementwise';

const { add, sub, mul, div, sqrt } = f32x4;

/**
 * m and v are running means of the gradient and its square, both corrected for their start at zero:
 * m' = b1 m + (1 - b1) s g, v' = b2 v + (1 - b2) (s g)^2, p' = decay p - rate m' / (correction sqrt(v') + epsilon).
 */
const adamW: WasmKernel = {
  kernelName: 'FusedAdamW',
  compute({ inputs, attrs, heap }) {
    const { learningRate, beta1, beta2, epsilon, weightDecay, step, gradientScale } = attrs as Rates;
    const [parameter, gradient, m, v] = ['parameter', 'gradient', 'm', 'v'].map(
      (name) => inputs[name]!,
    ) as Four;
    const outputs = [parameter, m, v].map(({ shape }) => heap.allocate(shape));
    const run = elementwise(
      heap,
      'adamw',
      { inputs: 4, outputs: 3, scalars: 8 },
      ([p, g, m, v], [b1, rest1, b2, rest2, correction, epsilon, decay, rate], name) => {
        const m1 = name(add(mul(m!, b1!), mul(g!, rest1!)));
        const v1 = name(add(mul(v!, b2!), mul(mul(g!, g!), rest2!)));
        const move = div(mul(m1, rate!), add(mul(sqrt(v1), correction!), epsilon!));
        return [sub(mul(p!, decay!), move), m1, v1];
      },
    );
    run(
      [parameter, gradient, m, v, ...outputs].map((x) => heap.address(x)),
      sizeOf(parameter.shape),
      [
        beta1,
        (1 - beta1) * gradientScale,
        beta2,
        (1 - beta2) * gradientScale * gradientScale,
        1 / Math.sqrt(1 - beta2 ** step),
        epsilon,
        1 - learningRate * weightDecay,
        learningRate / (1 - beta1 ** step),
      ],
    );
    return outputs;
  },
};

type Four = [TensorInfo, TensorInfo, TensorInfo, TensorInfo];
type Rates = Record<
  'learningRate' | 'beta1' | 'beta2' | 'epsilon' | 'weightDecay' | 'step' | 'gradientScale',
  number
>;

/** In double precision, as core's gradient norm wants it of large tensors. */
const squaredNorm: WasmKernel = {
  kernelName: 'SquaredNorm',
  compute({ inputs, heap }) {
    const output = heap.allocate([]);
    let sum = 0;
    for (const x of heap.floats(inputs['x']!)) sum += x * x;
    heap.floats(output)[0] = sum;
    return output;
  },
};

export const optimizers = [adamW, squaredNorm];
