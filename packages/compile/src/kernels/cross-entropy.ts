import { OnnxType } from '@crossmodal/onnx-graph';
import { like, type TraceKernel } from '../kernel';
import type { Lowering } from '../lower/lowering';
import type { TraceNode } from '../trace/trace-graph';

// With smoothing e, weights w and classes C: loss = a_label (lse - x_label) + sum_c b_c (lse - x_c), where
// a = (1 - e) w and b = e / C w. Labels that are neither classes nor ignored are not noticed.

/** Labels as int64 [rows, 1] with 0 for ignored ones, which rows count, and the factors a [rows, 1] and b [classes]. */
function parts(lowering: Lowering, names: Readonly<Record<string, string>>, { inputs, attrs }: TraceNode) {
  const { graph } = lowering;
  const { ignoreIndex, labelSmoothing } = attrs as Record<string, number>;
  const classes = inputs['logits']!.shape[1] as number;
  const column = graph.op('Unsqueeze', [names['labels']!, graph.ints([1])]);
  const counts = graph.op('Not', [graph.op('Equal', [column, graph.int32s([ignoreIndex!], [])])]);
  const safe = graph.op('Where', [counts, column, graph.int32s([0], [])]);
  const labels = graph.op('Cast', [safe], { to: OnnxType.int64 });
  const { classWeights } = names;
  const hard =
    classWeights === undefined
      ? graph.scalar(1 - labelSmoothing!)
      : graph.op('Mul', [graph.op('Gather', [classWeights, labels]), graph.scalar(1 - labelSmoothing!)]);
  const soft =
    labelSmoothing === 0
      ? undefined
      : classWeights === undefined
        ? graph.floats(Array.from({ length: classes }, () => labelSmoothing! / classes))
        : graph.op('Mul', [classWeights, graph.scalar(labelSmoothing! / classes)]);
  return { labels, counts, hard, soft };
}

const crossEntropy: TraceKernel = {
  kernelName: 'FusedSoftmaxCrossEntropy',
  infer({ logits }) {
    const perRow = { shape: [logits!.shape[0]!], dtype: 'float32' as const };
    return [perRow, perRow];
  },
  nodes(lowering, names, node) {
    const { graph } = lowering;
    const logits = names['logits']!;
    const { labels, counts, hard, soft } = parts(lowering, names, node);
    const sums = graph.op('ReduceLogSumExp', [logits, graph.ints([1])], { keepdims: 1 });
    const picked = graph.op('GatherElements', [logits, labels], { axis: 1 });
    let loss = graph.op('Mul', [hard, graph.op('Sub', [sums, picked])]);
    if (soft !== undefined) {
      const missing = graph.op('Mul', [graph.op('Sub', [sums, logits]), soft]);
      const smooth = graph.op('ReduceSum', [missing, graph.ints([1])], { keepdims: 1 });
      loss = graph.op('Add', [loss, smooth]);
    }
    const kept = graph.op('Where', [counts, loss, graph.scalar(0)]);
    return [kept, sums].map((column) => graph.op('Squeeze', [column, graph.ints([1])]));
  },
};

/** dlogits = dy (p (a_label + sum_c b_c) - a_label at the label - b) */
const crossEntropyGrad: TraceKernel = {
  kernelName: 'FusedSoftmaxCrossEntropyGrad',
  infer: ({ logits }) => like(logits!),
  nodes(lowering, names, node) {
    const { graph } = lowering;
    const { labels, counts, hard, soft } = parts(lowering, names, node);
    const column = (name: string) => graph.op('Unsqueeze', [names[name]!, graph.ints([1])]);
    const gradient = graph.op('Where', [counts, column('dy'), graph.scalar(0)]);
    const p = graph.op('Exp', [graph.op('Sub', [names['logits']!, column('logSumExp')])]);
    const total =
      soft === undefined
        ? hard
        : graph.op('Add', [hard, graph.op('ReduceSum', [soft, graph.ints([0])], { keepdims: 0 })]);
    let dlogits = graph.op('Mul', [p, graph.op('Mul', [gradient, total])]);
    if (soft !== undefined) dlogits = graph.op('Sub', [dlogits, graph.op('Mul', [gradient, soft])]);
    const pulled = graph.op('Neg', [graph.op('Mul', [gradient, hard])]);
    return graph.op('ScatterElements', [dlogits, labels, pulled], { axis: 1, reduction: 'add' });
  },
};

export const crossEntropies = [crossEntropy, crossEntropyGrad];
