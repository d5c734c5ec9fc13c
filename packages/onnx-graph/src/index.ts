// building and writing
export {
  type Attributes,
  type Dimension,
  float,
  GraphBuilder,
  type NodeOptions,
  UNREADABLE,
  type ValueSpec,
} from './graph-builder';
// kernels as nodes
export { activate } from './nodes/activation';
export { attentionGradNodes, attentionNodes, MASKED } from './nodes/attention';
export { BINARY_NODES, type BinaryNodes } from './nodes/binary';
export { columnSums } from './nodes/column-sums';
export { geluDerivative, geluForward } from './nodes/gelu';
export { layerNormGradNodes, rmsNormGradNodes, rmsNormNodes } from './nodes/norm';
export { preNormBlock, weightNames } from './nodes/pre-norm-block';
export { UNARY_NODES, type UnaryNodes } from './nodes/unary';
export {
  type ModelInfo,
  type NodeProto,
  type OnnxDType,
  OnnxType,
  OPSET,
  type TensorProto,
} from './onnx-proto';
