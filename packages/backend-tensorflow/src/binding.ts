/** What tfjs-node's native binding offers, as far as it is used here. */
export interface Binding {
  TF_FLOAT: number;
  TF_INT32: number;
  TF_BOOL: number;
  TF_ATTR_BOOL: number;
  TF_ATTR_FLOAT: number;
  TF_ATTR_INT: number;
  TF_ATTR_STRING: number;
  TF_ATTR_TYPE: number;
  TF_Version: string;
  isUsingGpuDevice(): boolean;
  createTensor(shape: number[], dtype: number, values: ArrayBufferView): number;
  executeOp(name: string, attributes: Attribute[], inputs: number[], numOutputs: number): OutputTensor[];
}

/** An attribute of a TensorFlow operation. */
export interface Attribute {
  name: string;
  type: number;
  value: unknown;
}

export interface OutputTensor {
  id: number;
  shape: number[];
  dtype: number;
}
