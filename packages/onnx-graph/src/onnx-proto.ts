import protobuf from 'protobufjs/light.js';

/** The part of onnx.proto3 that a model of ours needs. Field numbers are those of the ONNX repository. */
const root = protobuf.Root.fromJSON({
  nested: {
    Model: message({
      irVersion: [1, 'int64'],
      graph: [7, 'Graph'],
      opsetImport: [8, 'OperatorSet', 'repeated'],
    }),
    OperatorSet: message({ domain: [1, 'string'], version: [2, 'int64'] }),
    Graph: message({
      node: [1, 'Node', 'repeated'],
      name: [2, 'string'],
      initializer: [5, 'TensorData', 'repeated'],
      input: [11, 'ValueInfo', 'repeated'],
      output: [12, 'ValueInfo', 'repeated'],
    }),
    Node: message({
      input: [1, 'string', 'repeated'],
      output: [2, 'string', 'repeated'],
      name: [3, 'string'],
      opType: [4, 'string'],
      attribute: [5, 'Attribute', 'repeated'],
      domain: [7, 'string'],
    }),
    Attribute: message({
      name: [1, 'string'],
      f: [2, 'float'],
      i: [3, 'int64'],
      s: [4, 'bytes'],
      ints: [8, 'int64', 'repeated'],
      type: [20, 'int32'],
    }),
    TensorData: message({
      dims: [1, 'int64', 'repeated'],
      dataType: [2, 'int32'],
      name: [8, 'string'],
      rawData: [9, 'bytes'],
    }),
    ValueInfo: message({ name: [1, 'string'], type: [2, 'Type'] }),
    Type: message({ tensorType: [1, 'TensorType'] }),
    TensorType: message({ elemType: [1, 'int32'], shape: [2, 'Shape'] }),
    Shape: message({ dim: [1, 'Dimension', 'repeated'] }),
    Dimension: message({ dimValue: [1, 'int64'], dimParam: [2, 'string'] }),
  },
});

function message(fields: Record<string, [id: number, type: string, rule?: string]>) {
  const entries = Object.entries(fields).map(([name, [id, type, rule]]) => [
    name,
    rule ? { id, type, rule } : { id, type },
  ]);
  return { fields: Object.fromEntries(entries) };
}

export const OnnxType = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9 } as const;
export type OnnxDType = keyof typeof OnnxType;

export interface AttributeProto {
  name: string;
  type: number;
  f?: number;
  i?: number;
  s?: Uint8Array;
  ints?: number[];
}
export interface NodeProto {
  opType: string;
  domain: string;
  name: string;
  input: string[];
  output: string[];
  attribute: AttributeProto[];
}
export interface TensorProto {
  name: string;
  dims: number[];
  dataType: number;
  rawData: Uint8Array;
}
export interface ValueInfoProto {
  name: string;
  type: { tensorType: { elemType: number; shape: { dim: { dimParam: string }[] } } };
}
export interface GraphProto {
  name: string;
  node: NodeProto[];
  initializer: TensorProto[];
  input: ValueInfoProto[];
  output: ValueInfoProto[];
}

/** The bytes of an `.onnx` file with this graph. */
export function encodeModel(graph: GraphProto): Uint8Array {
  const opsetImport = [
    { domain: '', version: 20 },
    { domain: 'com.microsoft', version: 1 },
    { domain: 'com.microsoft.nchwc', version: 1 },
  ];
  return root.lookupType('Model').encode({ irVersion: 9, opsetImport, graph }).finish();
}
