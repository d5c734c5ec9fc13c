import type { HostKernel } from '../kernel';
import { addRows } from './fill';

/** m and v are running means of the gradient and its square; both corrected for their start at zero. */
const adamW: HostKernel = {
  kernelName: 'FusedAdamW',
  compute({ inputs: { parameter, gradient, m, v }, attrs, backend }) {
    const { learningRate, beta1, beta2, epsilon, weightDecay, step, gradientScale } = attrs as Record<
      string,
      number
    >;
    const outputs = [parameter!, m!, v!].map((x) => backend.allocate(x.shape, 'float32'));
    const [p, g, m0, v0] = [parameter!, gradient!, m!, v!].map((x) => backend.floats(x)) as Float32Array[];
    const [p1, m1, v1] = outputs.map((x) => backend.floats(x)) as Float32Array[];
    updateAdamW(p!, g!, m0!, v0!, p1!, m1!, v1!, {
      decay: 1 - learningRate! * weightDecay!,
      scale: gradientScale!,
      beta1: beta1!,
      beta2: beta2!,
      rate: learningRate! / (1 - beta1! ** step!),
      correction: 1 / Math.sqrt(1 - beta2! ** step!),
      epsilon: epsilon!,
    });
    return outputs;
  },
};

type Rates = Record<'decay' | 'scale' | 'beta1' | 'beta2' | 'rate' | 'correction' | 'epsilon', number>;

/** One pass, in float32 throughout: the roundings let the compiler use the shorter square root and division. */
function updateAdamW(
  p: Float32Array,
  g: Float32Array,
  m: Float32Array,
  v: Float32Array,
  p1: Float32Array,
  m1: Float32Array,
  v1: Float32Array,
  rates: Rates,
): void {
  const f = Math.fround;
  const [beta1, beta2, scale, decay] = [f(rates.beta1), f(rates.beta2), f(rates.scale), f(rates.decay)];
  const [rest1, rest2] = [f(1 - rates.beta1), f(1 - rates.beta2)];
  const [rate, correction, epsilon] = [f(rates.rate), f(rates.correction), f(rates.epsilon)];
  for (let i = 0; i < p.length; i++) {
    const gradient = f(g[i]! * scale);
    const mean = f(f(beta1 * m[i]!) + f(rest1 * gradient));
    const square = f(f(beta2 * v[i]!) + f(f(rest2 * gradient) * gradient));
    m1[i] = mean;
    v1[i] = square;
    const size = f(f(f(Math.sqrt(square)) * correction) + epsilon);
    p1[i] = f(f(p[i]! * decay) - f(f(rate * mean) / size));
  }
}

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
