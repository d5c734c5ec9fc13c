const TAU = 2 * Math.PI;

/**
 * The discrete Fourier transform of real signals of one length, in double precision: tables are made once. Any length
 * does; the time grows with the sum of its prime factors, so that a large prime is slow.
 *
 * Stockham's form of the mixed-radix algorithm (Cooley and Tukey 1965), which needs no reordering; even lengths run
 * as a complex transform of half the length.
 */
export class RealFFT {
  /** `floor(length / 2) + 1`. */
  readonly bins: number;
  private readonly length: number;
  private readonly factors: number[];
  /** Cosine and minus sine of `2 pi k / size`, `size` that of the complex transform; and of `2 pi k / length`. */
  private readonly twiddles: Float64Array;
  private readonly unpacking: Float64Array;
  /** Interleaved complex numbers, back and forth. */
  private buffers: [Float64Array, Float64Array];
  /** Sums and differences within an odd radix. */
  private readonly scratch: Float64Array;

  constructor(length: number) {
    const size = length % 2 === 0 ? length / 2 : length;
    this.length = length;
    this.bins = Math.floor(length / 2) + 1;
    this.factors = factorsOf(size);
    this.twiddles = roots(size, size);
    this.unpacking = roots(length, this.bins);
    this.buffers = [new Float64Array(2 * size), new Float64Array(2 * size)];
    this.scratch = new Float64Array(2 * Math.max(2, ...this.factors));
  }

  /** Squared magnitudes of the `bins` frequencies of `signal` (its first `length` values) into `power`. */
  powers(signal: Float64Array, power: Float64Array): void {
    const { length, bins, unpacking } = this;
    if (length % 2 === 1) {
      const [x] = this.buffers;
      for (let i = 0; i < length; i++) {
        x[2 * i] = signal[i]!;
        x[2 * i + 1] = 0;
      }
      const y = this.transform();
      for (let k = 0; k < bins; k++) power[k] = y[2 * k]! ** 2 + y[2 * k + 1]! ** 2;
      return;
    }
    const half = length / 2;
    this.buffers[0].set(length === signal.length ? signal : signal.subarray(0, length));
    const z = this.transform();
    for (let k = 0; k < bins; k++) {
      const a = k === half ? 0 : 2 * k;
      const b = k === 0 ? 0 : 2 * (half - k);
      // The transforms of the even samples and of the odd ones, apart.
      const evenRe = (z[a]! + z[b]!) / 2;
      const evenIm = (z[a + 1]! - z[b + 1]!) / 2;
      const oddRe = (z[a + 1]! + z[b + 1]!) / 2;
      const oddIm = (z[b]! - z[a]!) / 2;
      const c = unpacking[2 * k]!;
      const s = unpacking[2 * k + 1]!;
      power[k] = (evenRe + c * oddRe - s * oddIm) ** 2 + (evenIm + c * oddIm + s * oddRe) ** 2;
    }
  }

  /** Of what is in the first buffer; returns the buffer that holds the result. */
  private transform(): Float64Array {
    let [x, y] = this.buffers;
    let size = x.length / 2;
    let stride = 1;
    for (const radix of this.factors) {
      if (radix === 4) this.radix4(x, y, size, stride);
      else if (radix === 2) this.radix2(x, y, size, stride);
      else this.oddRadix(x, y, size, stride, radix);
      size /= radix;
      stride *= radix;
      [x, y] = [y, x];
    }
    this.buffers = [x, y];
    return x;
  }

  private radix2(x: Float64Array, y: Float64Array, size: number, stride: number): void {
    const { twiddles } = this;
    const rows = size / 2;
    for (let p = 0; p < rows; p++) {
      const c = twiddles[2 * p * stride]!;
      const s = twiddles[2 * p * stride + 1]!;
      for (let q = 0; q < stride; q++) {
        const a = 2 * (q + stride * p);
        const b = a + 2 * stride * rows;
        const to = 2 * (q + stride * 2 * p);
        const re = x[a]! - x[b]!;
        const im = x[a + 1]! - x[b + 1]!;
        y[to] = x[a]! + x[b]!;
        y[to + 1] = x[a + 1]! + x[b + 1]!;
        y[to + 2 * stride] = re * c - im * s;
        y[to + 2 * stride + 1] = re * s + im * c;
      }
    }
  }

  private radix4(x: Float64Array, y: Float64Array, size: number, stride: number): void {
    const { twiddles } = this;
    const rows = size / 4;
    const apart = 2 * stride * rows;
    for (let p = 0; p < rows; p++) {
      const t = 2 * p * stride;
      const c1 = twiddles[t]!;
      const s1 = twiddles[t + 1]!;
      const c2 = twiddles[2 * t]!;
      const s2 = twiddles[2 * t + 1]!;
      const c3 = twiddles[3 * t]!;
      const s3 = twiddles[3 * t + 1]!;
      for (let q = 0; q < stride; q++) {
        const a = 2 * (q + stride * p);
        const b = a + apart;
        const c = b + apart;
        const d = c + apart;
        const sumRe = x[a]! + x[c]!;
        const sumIm = x[a + 1]! + x[c + 1]!;
        const differenceRe = x[a]! - x[c]!;
        const differenceIm = x[a + 1]! - x[c + 1]!;
        const otherRe = x[b]! + x[d]!;
        const otherIm = x[b + 1]! + x[d + 1]!;
        const turnedRe = x[b + 1]! - x[d + 1]!; // -i (x[b] - x[d])
        const turnedIm = x[d]! - x[b]!;
        const to = 2 * (q + stride * 4 * p);
        y[to] = sumRe + otherRe;
        y[to + 1] = sumIm + otherIm;
        const re1 = differenceRe + turnedRe;
        const im1 = differenceIm + turnedIm;
        y[to + 2 * stride] = re1 * c1 - im1 * s1;
        y[to + 2 * stride + 1] = re1 * s1 + im1 * c1;
        const re2 = sumRe - otherRe;
        const im2 = sumIm - otherIm;
        y[to + 4 * stride] = re2 * c2 - im2 * s2;
        y[to + 4 * stride + 1] = re2 * s2 + im2 * c2;
        const re3 = differenceRe - turnedRe;
        const im3 = differenceIm - turnedIm;
        y[to + 6 * stride] = re3 * c3 - im3 * s3;
        y[to + 6 * stride + 1] = re3 * s3 + im3 * c3;
      }
    }
  }

  /** Pairs `k` and `radix - k`, whose factors are each other's conjugates. */
  private oddRadix(x: Float64Array, y: Float64Array, size: number, stride: number, radix: number): void {
    const { twiddles, scratch } = this;
    const rows = size / radix;
    const step = twiddles.length / 2 / radix;
    const pairs = (radix - 1) / 2;
    for (let p = 0; p < rows; p++) {
      for (let q = 0; q < stride; q++) {
        const from = 2 * (q + stride * p);
        const to = 2 * (q + stride * radix * p);
        const firstRe = x[from]!;
        const firstIm = x[from + 1]!;
        let sumRe = firstRe;
        let sumIm = firstIm;
        for (let k = 1; k <= pairs; k++) {
          const a = from + 2 * stride * rows * k;
          const b = from + 2 * stride * rows * (radix - k);
          const at = 4 * (k - 1);
          sumRe += scratch[at] = x[a]! + x[b]!;
          sumIm += scratch[at + 1] = x[a + 1]! + x[b + 1]!;
          scratch[at + 2] = x[a]! - x[b]!;
          scratch[at + 3] = x[a + 1]! - x[b + 1]!;
        }
        y[to] = sumRe;
        y[to + 1] = sumIm;
        for (let j = 1; j <= pairs; j++) {
          let evenRe = firstRe;
          let evenIm = firstIm;
          let oddRe = 0;
          let oddIm = 0;
          let turn = 0;
          for (let k = 1; k <= pairs; k++) {
            turn += j;
            if (turn >= radix) turn -= radix;
            const root = 2 * step * turn;
            const at = 4 * (k - 1);
            const c = twiddles[root]!;
            const s = twiddles[root + 1]!;
            evenRe += c * scratch[at]!;
            evenIm += c * scratch[at + 1]!;
            oddRe -= s * scratch[at + 3]!;
            oddIm += s * scratch[at + 2]!;
          }
          const w = 2 * p * j * stride;
          const v = 2 * p * (radix - j) * stride;
          const a = to + 2 * stride * j;
          const b = to + 2 * stride * (radix - j);
          y[a] = (evenRe + oddRe) * twiddles[w]! - (evenIm + oddIm) * twiddles[w + 1]!;
          y[a + 1] = (evenRe + oddRe) * twiddles[w + 1]! + (evenIm + oddIm) * twiddles[w]!;
          y[b] = (evenRe - oddRe) * twiddles[v]! - (evenIm - oddIm) * twiddles[v + 1]!;
          y[b + 1] = (evenRe - oddRe) * twiddles[v + 1]! + (evenIm - oddIm) * twiddles[v]!;
        }
      }
    }
  }
}

/** The first `count` powers of the `size`-th root of unity, `exp(-2 pi i k / size)`, interleaved. */
function roots(size: number, count: number): Float64Array {
  const values = new Float64Array(2 * count);
  for (let k = 0; k < count; k++) {
    values[2 * k] = Math.cos((TAU * k) / size);
    values[2 * k + 1] = -Math.sin((TAU * k) / size);
  }
  return values;
}

/** Fours first, then what primes are left. */
function factorsOf(size: number): number[] {
  const factors: number[] = [];
  let rest = size;
  for (const factor of [4, 2])
    while (rest % factor === 0) {
      factors.push(factor);
      rest /= factor;
    }
  for (let factor = 3; rest > 1; factor += 2)
    while (rest % factor === 0) {
      factors.push(factor);
      rest /= factor;
    }
  return factors;
}
