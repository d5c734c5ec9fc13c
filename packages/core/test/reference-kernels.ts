import { MASKED } from '../src/index';

// The kernels of the table in ops/fused-kernels.ts, written down from its definition as loops over arrays.

type Arrays = Record<string, Float32Array | Int32Array | undefined>;
export type Attrs = Record<string, number | string | boolean>;
export interface Output {
  values: ArrayLike<number>;
  shape: number[];
}
export type ReferenceKernel = (x: Arrays, shapes: Record<string, number[]>, attrs: Attrs) => Output[];

const rowsOf = (shape: number[]) => [shape.slice(0, -1).reduce((a, b) => a * b, 1), shape.at(-1)!] as const;
const sum = (n: number, f: (i: number) => number) => {
  let total = 0;
  for (let i = 0; i < n; i++) total += f(i);
  return total;
};
const fill = (n: number, f: (i: number) => number) => Array.from({ length: n }, (_, i) => f(i));

export const referenceKernels: Record<string, ReferenceKernel> = {
  FusedLayerNorm({ x, gamma, beta }, shapes, { epsilon }) {
    const [rows, dim] = rowsOf(shapes['x']!);
    const mean = fill(rows, (r) => sum(dim, (i) => x![r * dim + i]!) / dim);
    const inverseStd = fill(
      rows,
      (r) => 1 / Math.sqrt(sum(dim, (i) => (x![r * dim + i]! - mean[r]!) ** 2) / dim + Number(epsilon)),
    );
    const at = (i: number) => Math.floor(i / dim);
    const y = fill(
      rows * dim,
      (i) => (x![i]! - mean[at(i)]!) * inverseStd[at(i)]! * gamma![i % dim]! + beta![i % dim]!,
    );
    return [
      { values: y, shape: shapes['x']! },
      { values: mean, shape: [rows] },
      { values: inverseStd, shape: [rows] },
    ];
  },
  FusedLayerNormGrad({ dy, x, gamma, mean, inverseStd }, shapes) {
    const [rows, dim] = rowsOf(shapes['x']!);
    const n = (i: number) => (x![i]! - mean![Math.floor(i / dim)]!) * inverseStd![Math.floor(i / dim)]!;
    const dn = (i: number) => dy![i]! * gamma![i % dim]!;
    const dx = fill(rows * dim, (i) => {
      const r = Math.floor(i / dim);
      const total = sum(dim, (j) => dn(r * dim + j)) / dim;
      const along = sum(dim, (j) => dn(r * dim + j) * n(r * dim + j)) / dim;
      return inverseStd![r]! * (dn(i) - total - n(i) * along);
    });
    const dgamma = fill(dim, (i) => sum(rows, (r) => dy![r * dim + i]! * n(r * dim + i)));
    const dbeta = fill(dim, (i) => sum(rows, (r) => dy![r * dim + i]!));
    return [
      { values: dx, shape: shapes['x']! },
      { values: dgamma, shape: [dim] },
      { values: dbeta, shape: [dim] },
    ];
  },
  FusedRMSNorm({ x, gamma }, shapes, { epsilon }) {
    const [rows, dim] = rowsOf(shapes['x']!);
    const inverse = fill(
      rows,
      (r) => 1 / Math.sqrt(sum(dim, (i) => x![r * dim + i]! ** 2) / dim + Number(epsilon)),
    );
    const y = fill(rows * dim, (i) => x![i]! * inverse[Math.floor(i / dim)]! * gamma![i % dim]!);
    return [
      { values: y, shape: shapes['x']! },
      { values: inverse, shape: [rows] },
    ];
  },
  FusedRMSNormGrad({ dy, x, gamma, inverseRms }, shapes) {
    const [rows, dim] = rowsOf(shapes['x']!);
    const n = (i: number) => x![i]! * inverseRms![Math.floor(i / dim)]!;
    const dn = (i: number) => dy![i]! * gamma![i % dim]!;
    const dx = fill(rows * dim, (i) => {
      const r = Math.floor(i / dim);
      const along = sum(dim, (j) => dn(r * dim + j) * n(r * dim + j)) / dim;
      return inverseRms![r]! * (dn(i) - n(i) * along);
    });
    return [
      { values: dx, shape: shapes['x']! },
      { values: fill(dim, (i) => sum(rows, (r) => dy![r * dim + i]! * n(r * dim + i))), shape: [dim] },
    ];
  },
  FusedL2Normalize({ x }, shapes, { epsilon }) {
    const [rows, dim] = rowsOf(shapes['x']!);
    const norm = fill(rows, (r) =>
      Math.max(Number(epsilon), Math.hypot(...fill(dim, (i) => x![r * dim + i]!))),
    );
    return [
      { values: fill(rows * dim, (i) => x![i]! / norm[Math.floor(i / dim)]!), shape: shapes['x']! },
      { values: norm, shape: [rows] },
    ];
  },
  FusedL2NormalizeGrad({ dy, y, norm }, shapes, { epsilon }) {
    const [rows, dim] = rowsOf(shapes['y']!);
    const along = fill(rows, (r) =>
      norm![r]! > Math.fround(Number(epsilon)) ? sum(dim, (i) => dy![r * dim + i]! * y![r * dim + i]!) : 0,
    );
    const at = (i: number) => Math.floor(i / dim);
    const values = fill(rows * dim, (i) => (dy![i]! - y![i]! * along[at(i)]!) / norm![at(i)]!);
    return [{ values, shape: shapes['y']! }];
  },
  FusedChannelNorm({ x, gamma, beta }, shapes, { groups, epsilon, relu }) {
    const [samples, positions, channels] = shapes['x'] as [number, number, number];
    const { mean, variance } = channelMoments(x!, shapes['x']!, Number(groups));
    const y = fill(x!.length, (i) => {
      const at = groupOf(i, positions, channels, Number(groups));
      const n = (x![i]! - mean[at]!) / Math.sqrt(variance[at]! + Number(epsilon));
      const value = n * gamma![i % channels]! + beta![i % channels]!;
      return relu ? Math.max(0, value) : value;
    });
    return [
      { values: y, shape: shapes['x']! },
      { values: mean, shape: [samples, Number(groups)] },
      { values: variance, shape: [samples, Number(groups)] },
    ];
  },
  FusedChannelNormGrad({ dy, x, gamma, mean, variance, y }, shapes, { groups, epsilon, relu }) {
    const [samples, positions, channels] = shapes['x'] as [number, number, number];
    const at = (i: number) => groupOf(i, positions, channels, Number(groups));
    const inverseStd = (i: number) => 1 / Math.sqrt(variance![at(i)]! + Number(epsilon));
    const n = (i: number) => (x![i]! - mean![at(i)]!) * inverseStd(i);
    const flows = (i: number) => (relu && y![i]! <= 0 ? 0 : dy![i]!);
    const dn = (i: number) => flows(i) * gamma![i % channels]!;
    const all = fill(x!.length, (i) => i);
    const count = (positions * channels) / Number(groups);
    const inGroup = (f: (i: number) => number) =>
      fill(samples * Number(groups), (g) =>
        all.reduce((total, i) => (at(i) === g ? total + f(i) : total), 0),
      );
    const total = inGroup(dn);
    const along = inGroup((i) => dn(i) * n(i));
    const dx = all.map((i) => inverseStd(i) * (dn(i) - (total[at(i)]! + n(i) * along[at(i)]!) / count));
    const perChannel = (f: (i: number) => number) =>
      fill(channels, (c) => sum(x!.length / channels, (row) => f(row * channels + c)));
    return [
      { values: dx, shape: shapes['x']! },
      { values: perChannel((i) => flows(i) * n(i)), shape: [channels] },
      { values: perChannel(flows), shape: [channels] },
    ];
  },
  FusedGelu: ({ x }, shapes, { variant }) => [
    { values: Array.from(x!, (v) => geluOf(v, variant)), shape: shapes['x']! },
  ],
  FusedGeluGrad({ dy, x }, shapes, { variant }) {
    const h = 1e-4;
    const slope = (v: number) => (geluOf(v + h, variant) - geluOf(v - h, variant)) / (2 * h);
    return [{ values: fill(x!.length, (i) => dy![i]! * slope(x![i]!)), shape: shapes['x']! }];
  },
  FusedSoftmaxCrossEntropy({ logits, labels, classWeights }, shapes, { ignoreIndex, labelSmoothing }) {
    const [rows, classes] = rowsOf(shapes['logits']!);
    const s = Number(labelSmoothing);
    const w = (c: number) => classWeights?.[c] ?? 1;
    const logSum = fill(rows, (r) => Math.log(sum(classes, (c) => Math.exp(logits![r * classes + c]!))));
    const loss = fill(rows, (r) => {
      if (labels![r] === ignoreIndex) return 0;
      const minusLog = (c: number) => logSum[r]! - logits![r * classes + c]!;
      const spread = sum(classes, (c) => w(c) * minusLog(c)) / classes;
      return (1 - s) * w(labels![r]!) * minusLog(labels![r]!) + s * spread;
    });
    return [
      { values: loss, shape: [rows] },
      { values: logSum, shape: [rows] },
    ];
  },
  FusedSoftmaxCrossEntropyGrad(
    { dy, logits, labels, logSumExp, classWeights },
    shapes,
    { ignoreIndex, labelSmoothing },
  ) {
    const [rows, classes] = rowsOf(shapes['logits']!);
    const s = Number(labelSmoothing);
    const w = (c: number) => classWeights?.[c] ?? 1;
    const values = fill(rows * classes, (i) => {
      const [r, c] = [Math.floor(i / classes), i % classes];
      const label = labels![r]!;
      if (label === ignoreIndex) return 0;
      const p = Math.exp(logits![i]! - logSumExp![r]!);
      const certain = (1 - s) * w(label) * (p - (c === label ? 1 : 0));
      const spread = (s / classes) * (sum(classes, w) * p - w(c));
      return dy![r]! * (certain + spread);
    });
    return [{ values, shape: shapes['logits']! }];
  },
  FusedAttention({ query, key, value, bias }, shapes, { scale, causal }) {
    const weights = weightsOf(query!, key!, bias, shapes, Number(scale), causal === true);
    const [batch, heads, queries, dim] = shapes['query'] as [number, number, number, number];
    const keys = shapes['key']![2]!;
    const output = fill(batch * heads * queries * dim, (i) => {
      const row = Math.floor(i / dim);
      const head = Math.floor(row / queries);
      return sum(keys, (j) => weights[row * keys + j]! * value![(head * keys + j) * dim + (i % dim)]!);
    });
    return [
      { values: output, shape: shapes['query']! },
      { values: weights, shape: [batch, heads, queries, keys] },
    ];
  },
  FusedAttentionGrad({ dy, query, key, value, saved }, shapes, { scale }) {
    const [batch, heads, queries, dim] = shapes['query'] as [number, number, number, number];
    const keys = shapes['key']![2]!;
    const dweights = fill(saved!.length, (i) => {
      const [row, j] = [Math.floor(i / keys), i % keys];
      const head = Math.floor(row / queries);
      return sum(dim, (d) => dy![row * dim + d]! * value![(head * keys + j) * dim + d]!);
    });
    const dscores = fill(saved!.length, (i) => {
      const row = Math.floor(i / keys);
      const along = sum(keys, (j) => saved![row * keys + j]! * dweights[row * keys + j]!);
      return Number(scale) * saved![i]! * (dweights[i]! - along);
    });
    const dquery = fill(query!.length, (i) => {
      const row = Math.floor(i / dim);
      const head = Math.floor(row / queries);
      return sum(keys, (j) => dscores[row * keys + j]! * key![(head * keys + j) * dim + (i % dim)]!);
    });
    const overQueries = (weights: ArrayLike<number>, x: ArrayLike<number>) =>
      fill(batch * heads * keys * dim, (i) => {
        const [head, j] = [Math.floor(i / dim / keys), Math.floor(i / dim) % keys];
        const row = (q: number) => head * queries + q;
        return sum(queries, (q) => weights[row(q) * keys + j]! * x[row(q) * dim + (i % dim)]!);
      });
    return [
      { values: dquery, shape: shapes['query']! },
      { values: overQueries(dscores, query!), shape: shapes['key']! },
      { values: overQueries(saved!, dy!), shape: shapes['value']! },
    ];
  },
  EmbeddingGrad({ dy, ids }, shapes, { numEmbeddings, paddingIndex }) {
    const dim = shapes['dy']![1]!;
    const values = new Float32Array(Number(numEmbeddings) * dim);
    for (const [row, id] of ids!.entries())
      if (id !== paddingIndex) for (let i = 0; i < dim; i++) values[id * dim + i]! += dy![row * dim + i]!;
    return [{ values, shape: [Number(numEmbeddings), dim] }];
  },
};

/** Index of the sample and group of value i. */
function groupOf(i: number, positions: number, channels: number, groups: number): number {
  const sample = Math.floor(i / channels / positions);
  return sample * groups + Math.floor(((i % channels) * groups) / channels);
}

function channelMoments(x: ArrayLike<number>, shape: number[], groups: number) {
  const [samples, positions, channels] = shape as [number, number, number];
  const count = (positions * channels) / groups;
  const mean = new Array<number>(samples * groups).fill(0);
  const variance = new Array<number>(samples * groups).fill(0);
  for (let i = 0; i < x.length; i++) mean[groupOf(i, positions, channels, groups)]! += x[i]! / count;
  for (let i = 0; i < x.length; i++) {
    const at = groupOf(i, positions, channels, groups);
    variance[at]! += (x[i]! - mean[at]!) ** 2 / count;
  }
  return { mean, variance };
}

function geluOf(x: number, variant: unknown): number {
  if (variant === 'quick') return x / (1 + Math.exp(-1.702 * x));
  if (variant === 'tanh') return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
  // erf by its series: enough for |x| below 4.
  const z = x / Math.SQRT2;
  let [term, erf] = [z, z];
  for (let n = 1; n < 80; n++) {
    term *= (-z * z) / n;
    erf += term / (2 * n + 1);
  }
  return 0.5 * x * (1 + (2 / Math.sqrt(Math.PI)) * erf);
}

/** Softmax with bias and causality, zero where all is masked. */
function weightsOf(
  query: ArrayLike<number>,
  key: ArrayLike<number>,
  bias: ArrayLike<number> | undefined,
  shapes: Record<string, number[]>,
  scale: number,
  causal: boolean,
): number[] {
  const [batch, heads, queries, dim] = shapes['query'] as [number, number, number, number];
  const keys = shapes['key']![2]!;
  const size = [batch, heads, queries, keys];
  const biasShape = shapes['bias'] && [...Array(4 - shapes['bias'].length).fill(1), ...shapes['bias']];
  const biasAt = (index: number[]) =>
    biasShape
      ? bias![index.reduce((at, i, axis) => at * biasShape[axis]! + (biasShape[axis] === 1 ? 0 : i), 0)]!
      : 0;
  const weights = new Array<number>(size.reduce((a, b) => a * b)).fill(0);
  for (let row = 0; row < batch * heads * queries; row++) {
    const head = Math.floor(row / queries);
    const i = row % queries;
    const scores = fill(keys, (j) => {
      const extra = biasAt([Math.floor(head / heads), head % heads, i, j]);
      if (extra <= MASKED || (causal && j > i + keys - queries)) return -Infinity;
      return scale * sum(dim, (d) => query[row * dim + d]! * key[(head * keys + j) * dim + d]!) + extra;
    });
    const highest = Math.max(...scores);
    if (highest === -Infinity) continue;
    const total = sum(keys, (j) => Math.exp(scores[j]! - highest));
    for (let j = 0; j < keys; j++) weights[row * keys + j] = Math.exp(scores[j]! - highest) / total;
  }
  return weights;
}
