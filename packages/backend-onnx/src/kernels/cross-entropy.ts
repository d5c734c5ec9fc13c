import type { NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';
import { feed, type HostKernel, type KernelCall } from '../kernel';
import { CHUNK_ELEMENTS } from './unary';

/**
 * With smoothing e, weights w and classes C (PyTorch's `cross_entropy`, reduction 'none'):
 * loss = a_label * (lse - x_label) + sum_c b_c * (lse - x_c), a = (1 - e) * w, b = e / C * w.
 */
function weightsOf(call: KernelCall, classes: number) {
  const smoothing = call.attrs['labelSmoothing'] as number;
  const weights = call.inputs['classWeights'] && call.backend.floats(call.inputs['classWeights']);
  const hard = (label: number) => (1 - smoothing) * (weights ? weights[label]! : 1);
  const soft = Float32Array.from(
    { length: classes },
    (_, c) => (smoothing / classes) * (weights ? weights[c]! : 1),
  );
  return { hard, soft, softSum: soft.reduce((a, b) => a + b, 0), smoothing };
}

function labelsOf({ backend, inputs, attrs }: KernelCall, classes: number): ArrayLike<number> {
  const labels = backend.values(inputs['labels']!);
  for (const label of labels) {
    if (label !== attrs['ignoreIndex'] && (label < 0 || label >= classes)) {
      throw new Error(
        `softmaxCrossEntropy: labels: expected integers from 0 to ${classes - 1}, received ${label}.`,
      );
    }
  }
  return labels;
}

const crossEntropy: HostKernel = {
  kernelName: 'FusedSoftmaxCrossEntropy',
  compute(call) {
    const { backend, inputs, attrs } = call;
    const logits = inputs['logits']!;
    const [rows, classes] = logits.shape as [number, number];
    const labels = labelsOf(call, classes);
    const { hard, soft, softSum, smoothing } = weightsOf(call, classes);
    const [lse] = backend.run({
      key: 'LogSumExp',
      inputs: [feed(logits)],
      outputs: [{ dtype: 'float32', shape: [rows] }],
      build: (graph, [x]) => [graph.op('ReduceLogSumExp', [x!, graph.ints([1])], { keepdims: 0 })],
    });
    const loss = backend.allocate([rows], 'float32');
    const [to, x, sums] = [backend.floats(loss), backend.floats(logits), backend.floats(lse!)];
    for (let row = 0; row < rows; row++) {
      const label = labels[row]!;
      to[row] = 0;
      if (label === attrs['ignoreIndex']) continue;
      const start = row * classes;
      let value = hard(label) * (sums[row]! - x[start + label]!);
      if (smoothing > 0) {
        value += softSum * sums[row]!;
        for (let c = 0; c < classes; c++) value -= soft[c]! * x[start + c]!;
      }
      to[row] = value;
    }
    return [loss, lse!];
  },
};

/** dlogits = dy * (p * (a_label + sum_c b_c) - a_label at the label - b) */
const crossEntropyGrad: HostKernel = {
  kernelName: 'FusedSoftmaxCrossEntropyGrad',
  compute(call) {
    const { backend, inputs, attrs } = call;
    const { dy, logits, logSumExp } = inputs as NamedTensorInfoMap & Record<string, TensorInfo>;
    const [rows, classes] = logits!.shape as [number, number];
    const labels = labelsOf(call, classes);
    const { hard, soft, softSum } = weightsOf(call, classes);
    const given = backend.floats(dy!);
    const gradients = Float32Array.from(given, (g, row) => (labels[row] === attrs['ignoreIndex'] ? 0 : g));
    const scales = gradients.map((g, row) => (g === 0 ? 0 : g * (hard(labels[row]!) + softSum)));
    const rowInput = (values: Float32Array) => backend.makeTensorInfo([rows, 1], 'float32', values);
    const [scale, gradient] = [rowInput(scales), rowInput(gradients)];
    const [dlogits] = backend.run({
      key: `FusedSoftmaxCrossEntropyGrad ${softSum > 0}`,
      inputs: [
        feed(logits!),
        feed(logSumExp!, [rows, 1]),
        feed(scale),
        ...(softSum > 0 ? [feed(gradient), { constant: soft, shape: [classes] }] : []),
      ],
      outputs: [{ dtype: 'float32', shape: [rows, classes] }],
      build(graph, [x, lse, s, g, b]) {
        const p = graph.op('Exp', [graph.op('Sub', [x!, lse!])]);
        const pulled = graph.op('Mul', [p, s!]);
        return [b ? graph.op('Sub', [pulled, graph.op('Mul', [g!, b])]) : pulled];
      },
      chunk: {
        rows: Math.max(1, Math.floor(CHUNK_ELEMENTS / classes)),
        split: [true, true, true, ...(softSum > 0 ? [true, false] : [])],
      },
    });
    backend.disposeIntermediateTensorInfo(scale);
    backend.disposeIntermediateTensorInfo(gradient);
    const to = backend.floats(dlogits!);
    for (let row = 0; row < rows; row++) {
      if (gradients[row] !== 0) to[row * classes + labels[row]!]! -= gradients[row]! * hard(labels[row]!);
    }
    return dlogits;
  },
};

export const crossEntropies = [crossEntropy, crossEntropyGrad];
