/** What tfjs-node's native binding offers, as far as it is used here. */
export interface Binding {
  TF_INT32: number;
  TF_ATTR_INT: number;
  TF_ATTR_TYPE: number;
  isUsingGpuDevice(): boolean;
  executeOp(name: string, attributes: Attribute[], inputs: number[], numOutputs: number): unknown;
}

/** An attribute of a TensorFlow operation. */
export interface Attribute {
  name: string;
  type: number;
  value: unknown;
}
