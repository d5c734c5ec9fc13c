import { preNormBlock, weightNames } from '@crossmodal/onnx-graph';
import { feed, int64s, type OnnxKernel } from '../kernel';

/** Rows up to which it takes longer to lay out the weights than to multiply by them. */
const FEW_ROWS = 128;

/** A whole block as one graph: threads wake once for it, and what lies between its parts is not written out. */
const encoderBlock: OnnxKernel = {
  kernelName: 'FusedEncoderBlock',
  plan(inputs, attrs) {
    const x = inputs['x']!;
    const { numHeads, epsilon, activation, causal } = attrs;
    const [batch, length, hiddenSize] = x.shape as [number, number, number];
    const names = weightNames(inputs);
    return {
      key: `FusedEncoderBlock ${numHeads} ${epsilon} ${activation} ${causal} ${names.length}`,
      inputs: [
        feed(x, [batch * length, hiddenSize]),
        int64s([batch, length, hiddenSize]),
        int64s([batch * length, hiddenSize]),
        ...names.map((name) => feed(inputs[name]!)),
      ],
      weightsFrom: batch * length <= FEW_ROWS ? 3 : undefined,
      outputs: [{ dtype: 'float32', shape: x.shape, graphShape: [batch * length, hiddenSize] }],
      build(graph, [x, split, rows, ...rest]) {
        const weight = Object.fromEntries(names.map((name, i) => [name, rest[i]!]));
        const { y } = preNormBlock(graph, x!, weight, attrs, (...qkv) => {
          const sequences = qkv.map((y) => graph.op('Reshape', [y, split!]));
          const options = { num_heads: numHeads as number, unidirectional: causal ? 1 : 0 };
          const joined = graph.op('MultiHeadAttention', sequences, options, 'com.microsoft');
          return graph.op('Reshape', [joined, rows!]);
        });
        return [y];
      },
    };
  },
};

export const encoderBlocks = [encoderBlock];
