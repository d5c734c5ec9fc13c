import { linear } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

/** Real and imaginary parts. */
interface Complex {
  re: tf.Tensor;
  im: tf.Tensor;
}

/**
 * Circular convolution of vectors, `y[k] = sum of a[i] b[j] where i + j = k modulo n`, row by row: the product of their
 * Fourier transforms. Within `tf.tidy`.
 *
 * The transform is two products with small matrices of cosines and sines (Cooley and Tukey 1965, with n as a product of
 * two sizes near its root), since tfjs has no gradient of its `fft`, and its wasm engine has no `fft`. It costs about
 * `n (n1 + n2)` a row instead of the `n^2` of one matrix; a prime n is one matrix.
 *
 * @param vectors Each float32 [batch, n]
 * @returns float32 [batch, n]
 */
export function circularConvolution(vectors: readonly tf.Tensor2D[]): tf.Tensor2D {
  const [batch, n] = vectors[0]!.shape;
  const n1 = divisorNearRoot(n);
  const n2 = n / n1;
  const first = waves(n1, n1, n1);
  const second = waves(n2, n2, n2);
  const twiddles = waves(n1, n2, n); // [n1, n2]: e^(-2 pi i k1 m2 / n)
  const flip = ({ re, im }: Complex) => ({
    re: tf.transpose(re, [0, 2, 1]),
    im: tf.transpose(im, [0, 2, 1]),
  });

  // Frequencies stay in the order that they come in, [k1, k2] for k = k1 + n1 k2: products do not mind.
  const spectrum = (x: tf.Tensor2D): Complex => {
    const columns = tf.transpose(tf.reshape(x, [batch, n1, n2]), [0, 2, 1]); // [batch, m2, m1]
    const overFirst = { re: linear(columns, first.re), im: linear(columns, first.im) }; // [batch, m2, k1]
    return transform(multiply(flip(overFirst), twiddles), second); // [batch, k1, k2]
  };
  const product = vectors.map(spectrum).reduce(multiply);
  const overSecond = transform(product, conjugate(second)); // [batch, k1, m2]
  const back = flip(multiply(overSecond, conjugate(twiddles))); // [batch, m2, k1]
  const real = tf.sub(linear(back.re, first.re), linear(back.im, tf.neg(first.im))); // [batch, m2, m1]
  return tf.div(tf.reshape(tf.transpose(real, [0, 2, 1]), [batch, n]), n);
}

/** The greatest divisor up to the square root. */
function divisorNearRoot(n: number): number {
  let divisor = Math.floor(Math.sqrt(n));
  while (n % divisor !== 0) divisor--;
  return divisor;
}

/** `e^(-2 pi i r c / period)` for row r and column c. */
function waves(rows: number, columns: number, period: number): Complex {
  const of = (wave: (angle: number) => number) =>
    tf.tensor2d(
      Float32Array.from({ length: rows * columns }, (_, i) => {
        const turns = (Math.floor(i / columns) * (i % columns)) % period;
        return wave((-2 * Math.PI * turns) / period);
      }),
      [rows, columns],
    );
  return { re: of(Math.cos), im: of(Math.sin) };
}

const conjugate = ({ re, im }: Complex): Complex => ({ re, im: tf.neg(im) });

const multiply = (a: Complex, b: Complex): Complex => ({
  re: tf.sub(tf.mul(a.re, b.re), tf.mul(a.im, b.im)),
  im: tf.add(tf.mul(a.re, b.im), tf.mul(a.im, b.re)),
});

/** `a` times a matrix, on the last axis. */
const transform = (a: Complex, matrix: Complex): Complex => ({
  re: tf.sub(linear(a.re, matrix.re), linear(a.im, matrix.im)),
  im: tf.add(linear(a.re, matrix.im), linear(a.im, matrix.re)),
});
