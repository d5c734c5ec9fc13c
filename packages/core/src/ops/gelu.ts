import * as tf from '@tensorflow/tfjs-core';
import { customOp } from './custom-op';
import { hasFusedKernel, runFusedKernel } from './fused-kernels';

export type GeluVariant = 'erf' | 'tanh' | 'quick';

/**
 * Gaussian error linear unit, Hendrycks and Gimpel 2016: `x Phi(x)`, exactly (`erf`) or nearly.
 *
 * | variant | formula | PyTorch |
 * | --- | --- | --- |
 * | `erf` | `x (1 + erf(x / sqrt 2)) / 2` | `gelu(x)` |
 * | `tanh` | `x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2` | `gelu(x, approximate='tanh')` |
 * | `quick` | `x sigmoid(1.702 x)` | OpenAI CLIP's `QuickGELU` |
 *
 * @param x float32, any shape
 * @returns float32, the shape of `x`; the caller disposes it.
 * @example
 * gelu(tf.tensor1d([-1, 0, 1])); // [-0.1587, 0, 0.8413]
 */
export function gelu(x: tf.Tensor, variant: GeluVariant = 'erf'): tf.Tensor {
  const forward = hasFusedKernel('FusedGelu')
    ? () => runFusedKernel('FusedGelu', { x }, { variant })[0]!
    : () => composed[variant].forward(x);
  return customOp(
    { x },
    (save) => {
      save([x]);
      return forward();
    },
    (dy, saved) => {
      const [x] = saved as [tf.Tensor];
      return {
        x: hasFusedKernel('FusedGeluGrad')
          ? () => runFusedKernel('FusedGeluGrad', { dy, x }, { variant })[0]!
          : () => tf.mul(dy, composed[variant].derivative(x)),
      };
    },
  );
}

const tanhScale = Math.sqrt(2 / Math.PI);
const quickScale = 1.702;

type Form = Record<'forward' | 'derivative', (x: tf.Tensor) => tf.Tensor>;

const composed: Record<GeluVariant, Form> = {
  erf: {
    forward: (x) => tf.mul(x, normalCdf(x)),
    derivative(x) {
      const density = tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
      return tf.add(normalCdf(x), tf.mul(x, density));
    },
  },
  tanh: {
    forward: (x) => tf.mul(x, tf.add(tf.mul(innerTanh(x), 0.5), 0.5)),
    derivative(x) {
      const t = innerTanh(x);
      const slope = tf.add(tf.mul(tf.square(x), 3 * 0.044715 * tanhScale), tanhScale);
      const bend = tf.mul(tf.mul(tf.sub(1, tf.square(t)), slope), x);
      return tf.mul(tf.add(tf.add(t, bend), 1), 0.5);
    },
  },
  quick: {
    forward: (x) => tf.mul(x, tf.sigmoid(tf.mul(x, quickScale))),
    derivative: quickDerivative,
  },
};

function normalCdf(x: tf.Tensor): tf.Tensor {
  return tf.add(tf.mul(tf.erf(tf.mul(x, Math.SQRT1_2)), 0.5), 0.5);
}

function innerTanh(x: tf.Tensor): tf.Tensor {
  const cubic = tf.add(tf.mul(tf.square(x), 0.044715 * tanhScale), tanhScale);
  return tf.tanh(tf.mul(x, cubic));
}

/** Of `x s(a x)`: `s (1 + a x (1 - s))`. */
function quickDerivative(x: tf.Tensor): tf.Tensor {
  const scaled = tf.mul(x, quickScale);
  const s = tf.sigmoid(scaled);
  return tf.mul(s, tf.add(tf.mul(scaled, tf.sub(1, s)), 1));
}
