import { OnnxType, type TensorProto } from '@crossmodal/onnx-graph';

/** Weights of fewer elements stay float32: there is nothing to gain from them. */
export const LARGE = 1024;

/** Values of a constant that is float32. */
export function floatsOf({ dataType, rawData }: TensorProto): Float32Array | undefined {
  if (dataType !== OnnxType.float32) return undefined;
  return new Float32Array(rawData.buffer, rawData.byteOffset, rawData.byteLength / 4);
}
