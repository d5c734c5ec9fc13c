import { OnnxType, type TensorProto } from '@crossmodal/onnx-graph';

/** Weights of fewer elements stay float32: there is nothing to gain from them. */
export const LARGE = 1024;

/** Values of a constant that is float32. */
export function floatsOf({ dataType, rawData }: TensorProto): Float32Array | undefined {
  if (dataType !== OnnxType.float32) return undefined;
  return new Float32Array(rawData.buffer, rawData.byteOffset, rawData.byteLength / 4);
}

/** What was made of weights, which two graphs of one export share: by their memory and what it was made for. */
export class WeightCache<T> {
  private readonly made = new Map<ArrayBufferLike, Map<string, T>>();

  get({ rawData, dims }: TensorProto, purpose: string, make: () => T): T {
    const { buffer, byteOffset } = rawData;
    if (!this.made.has(buffer)) this.made.set(buffer, new Map());
    const ofBuffer = this.made.get(buffer)!;
    const key = `${byteOffset} ${dims} ${purpose}`;
    if (!ofBuffer.has(key)) ofBuffer.set(key, make());
    return ofBuffer.get(key)!;
  }
}
