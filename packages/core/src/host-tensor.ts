/** dtypes of safetensors files. */
export type HostDType =
  | 'F64'
  | 'F32'
  | 'F16'
  | 'BF16'
  | 'I64'
  | 'I32'
  | 'I16'
  | 'I8'
  | 'U64'
  | 'U32'
  | 'U16'
  | 'U8'
  | 'BOOL';

/**
 * A tensor in host memory, in the layout of a file (PyTorch's), independent of any engine.
 * `bytes` is little-endian and row-major, `size(shape) * bytesPerElement(dtype)` long.
 */
export interface HostTensor {
  dtype: HostDType;
  shape: readonly number[];
  bytes: Uint8Array;
}

/** A state dict: checkpoint keys (`text_model.encoder.layers.0.mlp.fc1.weight`) to host tensors. */
export type StateDict = Record<string, HostTensor>;
