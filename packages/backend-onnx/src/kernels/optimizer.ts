import type { HostKernel } from '../kernel';
import { ElementwiseKernel, f32x4 } from '../simd/elementwise';
import { addRows } from './fill';

/**
 * m and v are running means of the gradient and its square, both corrected for their start at zero:
 * m' = b1 m + (1 - b1) s g, v' = b2 v + (1 - b2) (s g)^2, p' = decay p - rate m' / (correction sqrt(v') + epsilon).
 */
const adamW: HostKernel = {
  kernelName: 'FusedAdamW',
  compute({ inputs: { parameter, gradient, m, v }, attrs, backend }) {
    const { learningRate, beta1, beta2, epsilon, weightDecay, step, gradientScale } = attrs as Rates;
    const inputs = [parameter!, gradient!, m!, v!].map((x) => backend.floats(x));
    const outputs = [parameter!, m!, v!].map(({ shape }) => backend.allocate(shape, 'float32'));
    adamWUpdate.run(
      inputs,
      outputs.map((x) => backend.floats(x)),
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

const { add, sub, mul, div, sqrt } = f32x4;
const adamWUpdate = new ElementwiseKernel(
  { inputs: 4, outputs: 3, scalars: 8 },
  ([p, g, m, v], [b1, rest1, b2, rest2, correction, epsilon, decay, rate], name) => {
    const m1 = name(add(mul(m!, b1!), mul(g!, rest1!)));
    const v1 = name(add(mul(v!, b2!), mul(mul(g!, g!), rest2!)));
    const move = div(mul(m1, rate!), add(mul(sqrt(v1), correction!), epsilon!));
    return [sub(mul(p!, decay!), move), m1, v1];
  },
);

type Rates = Record<
  'learningRate' | 'beta1' | 'beta2' | 'epsilon' | 'weightDecay' | 'step' | 'gradientScale',
  number
>;

const squaredNorm: HostKernel = {
  kernelName: 'SquaredNorm',
  compute({ inputs: { x }, backend }) {
    const output = backend.allocate([], 'float32');
    backend.floats(output)[0] = sumOfSquares(backend.floats(x!));
    return output;
  },
};

/** Four running sums, in double precision, so that no addition waits for the one before. */
function sumOfSquares(x: Float32Array): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  const whole = x.length - (x.length % 4);
  for (let i = 0; i < whole; i += 4) {
    a += x[i]! * x[i]!;
    b += x[i + 1]! * x[i + 1]!;
    c += x[i + 2]! * x[i + 2]!;
    d += x[i + 3]! * x[i + 3]!;
  }
  for (let i = whole; i < x.length; i++) a += x[i]! * x[i]!;
  return a + b + c + d;
}

const embeddingGrad: HostKernel = {
  kernelName: 'EmbeddingGrad',
  compute({ inputs: { dy, ids }, attrs, backend }) {
    const { numEmbeddings, paddingIndex } = attrs as Record<string, number>;
    const output = backend.allocate([numEmbeddings!, dy!.shape.at(-1)!], 'float32');
    const to = backend.floats(output).fill(0);
    const rows = backend.values(ids!).map((id) => (id === paddingIndex ? -1 : id));
    addRows(to, backend.floats(dy!), rows, numEmbeddings!);
    return output;
  },
};

export const optimizers = [adamW, squaredNorm, embeddingGrad];
