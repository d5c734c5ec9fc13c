/** Kernels of tfjs's engine `cpu` that no graph stands for, and why. */
export const NOT_RECORDED: Readonly<Record<string, string>> = {
  ...because('complex numbers, which are no tensors of ONNX', [
    'Complex',
    'ComplexAbs',
    'FFT',
    'IFFT',
    'Imag',
    'Real',
  ]),
  ...because('strings', ['StaticRegexReplace', 'StringNGrams', 'StringSplit', 'StringToHashBucketFast']),
  ...because('how much comes out depends on values', [
    'NonMaxSuppressionV3',
    'NonMaxSuppressionV4',
    'NonMaxSuppressionV5',
    'RaggedGather',
    'RaggedRange',
    'RaggedTensorToTensor',
    'SparseFillEmptyRows',
    'SparseReshape',
    'SparseSegmentMean',
    'SparseSegmentSum',
    'Unique',
  ]),
  ...because('random numbers beside those of an Rng', ['Multinomial']),
  ...because('it writes to a canvas', ['Draw']),
  ...because('no model of these packages has it, nor has ONNX an operator for it', [
    'CropAndResize',
    'Dilation2D',
    'Dilation2DBackpropFilter',
    'Dilation2DBackpropInput',
    'RotateWithOffset',
    'Transform',
  ]),
};

/** Those of core's fused kernels that stay composed in graphs, and why. */
export const COMPOSED: Readonly<Record<string, string>> = {
  ...because('its numbers change at every step, and would be constants of the graph', [
    'FusedAdamW',
    'FusedAdamWGroup',
  ]),
  ...because('the update is no part of graphs', ['AddGroup', 'LerpGroup', 'SquaredNorms', 'GradientScale']),
  ...because('caches are written in place by whole blocks, or not', ['FusedCachedAttention']),
  ...because('graphs are fused by the runtime', [
    'FusedEncoderBlock',
    'FusedEncoderBlockForward',
    'FusedEncoderBlockGrad',
    'FusedL2Normalize',
    'FusedL2NormalizeGrad',
  ]),
};

function because(reason: string, kernels: readonly string[]): Record<string, string> {
  return Object.fromEntries(kernels.map((kernel) => [kernel, reason]));
}
