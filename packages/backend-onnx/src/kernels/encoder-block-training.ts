import {
  attentionGradNodes,
  attentionNodes,
  columnSums,
  type GraphBuilder,
  geluDerivative,
  layerNormGradNodes,
  preNormBlock,
  weightNames,
} from '@crossmodal/onnx-graph';
import type { NamedAttrMap, NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';
import { feed, int64s, type OnnxKernel, type PlanInput, type PlanOutput } from '../kernel';
import { causalBias } from './attention';

/** Elements of the widest tensor at a time, so that what lies between the nodes stays in the processor's cache. */
const PIECE_ELEMENTS = 2 ** 22;

interface Sizes {
  batch: number;
  length: number;
  hiddenSize: number;
  heads: number;
  headDim: number;
  inner: number;
}

function sizesOf({ x, fc1Weight }: NamedTensorInfoMap, { numHeads }: NamedAttrMap): Sizes {
  const [batch, length, hiddenSize] = x!.shape as [number, number, number];
  const heads = numHeads as number;
  return { batch, length, hiddenSize, heads, headDim: hiddenSize / heads, inner: fc1Weight!.shape[1]! };
}

/** What the gradient needs of the forward pass, in the order of the kernels' inputs and outputs. */
function savedShapes({ batch, length, hiddenSize, heads, headDim, inner }: Sizes) {
  const rows = batch * length;
  const [hidden, statistic, split] = [
    [rows, hiddenSize],
    [rows, 1],
    [batch, heads, length, headDim],
  ];
  return {
    ...{ normed1: hidden, mean1: statistic, inverseStd1: statistic },
    ...{ q: split, k: split, v: split, weights: [batch, heads, length, length], mixed: hidden },
    ...{ attended: hidden, normed2: hidden, mean2: statistic, inverseStd2: statistic },
    ...{ inner: [rows, inner], active: [rows, inner] },
  };
}
type Saved = Record<keyof ReturnType<typeof savedShapes>, string>;

const batchesAtATime = ({ length, inner }: Sizes) =>
  Math.max(1, Math.floor(PIECE_ELEMENTS / (length * inner)));

const output = (shape: number[], graphShape = shape): PlanOutput => ({ dtype: 'float32', shape, graphShape });

/** From [rows, hiddenSize] to heads apart, [batch, heads, length, headDim], and back. */
function layouts(graph: GraphBuilder, { hiddenSize }: Sizes, split: string) {
  const perm = [0, 2, 1, 3];
  const toRows = graph.ints([-1, hiddenSize]);
  return {
    rows: (x: string) => graph.op('Reshape', [x, toRows]),
    apart: (x: string) => graph.op('Transpose', [graph.op('Reshape', [x, split])], { perm }),
    together: (x: string) => graph.op('Reshape', [graph.op('Transpose', [x], { perm }), toRows]),
  };
}

/** A pre-norm block's forward pass as one graph, with all that its gradient needs among the outputs. */
const forward: OnnxKernel = {
  kernelName: 'FusedEncoderBlockForward',
  plan(inputs, attrs) {
    const x = inputs['x']!;
    const sizes = sizesOf(inputs, attrs);
    const { batch, length, hiddenSize, headDim, heads } = sizes;
    const { epsilon, activation, causal } = attrs;
    const names = weightNames(inputs);
    const causalBiases: PlanInput[] = causal && length > 1 ? [causalBias(length, length)] : [];
    const fixed = [
      int64s([-1, length, heads, headDim]),
      ...causalBiases,
      ...names.map((name) => feed(inputs[name]!)),
    ];
    const shapes = savedShapes(sizes);
    return {
      key: `FusedEncoderBlockForward ${heads} ${hiddenSize} ${epsilon} ${activation} ${causalBiases.length} ${names.length}`,
      inputs: [feed(x), ...fixed],
      outputs: [
        output(x.shape, [batch * length, hiddenSize]),
        ...Object.values(shapes).map((shape) => output(shape)),
      ],
      build(graph, [x, split, ...rest]) {
        const bias = causalBiases.length > 0 ? rest.shift() : undefined;
        const weight = Object.fromEntries(names.map((name, i) => [name, rest[i]!]));
        const { rows, apart, together } = layouts(graph, sizes, split!);
        let attention: Partial<Saved> = {};
        const attend = (...rows: string[]) => {
          const [q, k, v] = rows.map(apart) as [string, string, string];
          const [seen, weights] = attentionNodes(graph, [q, k, v], 1 / Math.sqrt(headDim), bias);
          attention = { q, k, v, weights };
          return together(seen);
        };
        const block = preNormBlock(graph, rows(x!), weight, attrs, attend, true);
        const saved = { ...block, ...attention } as Saved;
        return [block.y, ...Object.keys(shapes).map((name) => saved[name as keyof Saved])];
      },
      chunk: { rows: batchesAtATime(sizes), split: [true, ...fixed.map(() => false)] },
    };
  },
};

/** Gradients of x and of the weights, in the order of {@link weightNames}. */
const gradient: OnnxKernel = {
  kernelName: 'FusedEncoderBlockGrad',
  plan(inputs, attrs) {
    const { dy, x } = inputs as Record<'dy' | 'x', TensorInfo>;
    const sizes = sizesOf(inputs, attrs);
    const { batch, length, hiddenSize, headDim, heads } = sizes;
    const { activation } = attrs;
    const names = weightNames(inputs);
    const shapes = savedShapes(sizes);
    const savedNames = Object.keys(shapes) as (keyof Saved)[];
    const cut = [feed(dy), feed(x), ...savedNames.map((name, i) => feed(inputs[`saved${i}`]!, shapes[name]))];
    const operands = names.filter((name) => /^gamma|Weight$/.test(name));
    const fixed = [int64s([-1, length, heads, headDim]), ...operands.map((name) => feed(inputs[name]!))];
    return {
      key: `FusedEncoderBlockGrad ${heads} ${hiddenSize} ${activation} ${names.length}`,
      inputs: [...cut, ...fixed],
      outputs: [
        output(x.shape, [batch * length, hiddenSize]),
        ...names.map((name) => output(inputs[name]!.shape)),
      ],
      build(graph, all) {
        const saved = Object.fromEntries(savedNames.map((name, i) => [name, all[i + 2]!])) as Saved;
        const [split, ...values] = all.slice(cut.length);
        const weight = Object.fromEntries(operands.map((name, i) => [name, values[i]!]));
        const { rows, apart, together } = layouts(graph, sizes, split!);
        const gradients: Record<string, string> = {};
        /** Notes the gradients of a linear layer; gives its input's, plus `sum`. */
        const linear = (name: string, input: string, dy: string, sum?: string) => {
          gradients[`${name}Weight`] = graph.op('Gemm', [input, dy], { transA: 1 });
          gradients[`${name}Bias`] = columnSums(graph, dy);
          return graph.op('Gemm', [dy, weight[`${name}Weight`]!, sum], { transB: 1 });
        };
        const norm = (i: 1 | 2, dy: string, input: string) => {
          const operands = [dy, input, saved[`mean${i}`], saved[`inverseStd${i}`], weight[`gamma${i}`]!];
          const [dx, dgamma, dbeta] = layerNormGradNodes(graph, operands, hiddenSize);
          Object.assign(gradients, { [`gamma${i}`]: dgamma, [`beta${i}`]: dbeta });
          return dx;
        };
        const { normed1, q, k, v, weights, mixed, attended, normed2, inner, active } = saved;
        const dy = rows(all[0]!);
        const slope = geluDerivative[activation as string]!(graph, inner);
        const dInner = graph.op('Mul', [linear('fc2', active, dy), slope]);
        const dAttended = graph.op('Add', [dy, norm(2, linear('fc1', normed2, dInner), attended)]);
        const dMixed = linear('out', mixed, dAttended);
        const along = apart(graph.op('Mul', [dMixed, mixed]));
        const rowSum = graph.op('ReduceSum', [along, graph.ints([-1])], { keepdims: 1 });
        const [dq, dk, dv] = attentionGradNodes(
          graph,
          { gradient: apart(dMixed), q, k, v, weights, rowSum },
          1 / Math.sqrt(headDim),
        ).map(together) as [string, string, string];
        const dNormed = linear('v', normed1, dv, linear('k', normed1, dk, linear('q', normed1, dq)));
        const dx = graph.op('Add', [dAttended, norm(1, dNormed, rows(all[1]!))]);
        return [dx, ...names.map((name) => gradients[name]!)];
      },
      chunk: {
        rows: batchesAtATime(sizes),
        split: [...cut.map(() => true), ...fixed.map(() => false)],
        sum: [false, ...names.map(() => true)],
      },
    };
  },
};

export const trainedEncoderBlocks = [forward, gradient];
