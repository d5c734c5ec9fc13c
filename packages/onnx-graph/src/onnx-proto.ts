import protobuf from 'protobufjs/light.js';

/** The part of onnx.proto3 that a model of ours needs. Field numbers are those of the ONNX repository. */
const root = protobuf.Root.fromJSON({
  nested: {
    Model: message({
      irVersion: [1, 'int64'],
      producerName: [2, 'string'],
      producerVersion: [3, 'string'],
      graph: [7, 'Graph'],
      opsetImport: [8, 'OperatorSet', 'repeated'],
      metadataProps: [14, 'Entry', 'repeated'],
    }),
    Entry: message({ key: [1, 'string'], value: [2, 'string'] }),
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
      floats: [7, 'float', 'repeated'],
      ints: [8, 'int64', 'repeated'],
      strings: [9, 'bytes', 'repeated'],
      type: [20, 'int32'],
    }),
    TensorData: message({
      dims: [1, 'int64', 'repeated'],
      dataType: [2, 'int32'],
      name: [8, 'string'],
      rawData: [9, 'bytes'],
      externalData: [13, 'Entry', 'repeated'],
      dataLocation: [14, 'int32'],
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

/** Element types with their numbers in onnx.proto3. */
export const OnnxType = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9, float16: 10 } as const;
export type OnnxDType = keyof typeof OnnxType;

export interface AttributeProto {
  name: string;
  type: number;
  f?: number;
  i?: number;
  s?: Uint8Array;
  floats?: number[];
  ints?: number[];
  strings?: Uint8Array[];
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
/** A tensor whose values are in another file. */
export interface ExternalTensorProto extends Omit<TensorProto, 'rawData'> {
  dataLocation: number;
  externalData: { key: string; value: string }[];
}
export interface ValueInfoProto {
  name: string;
  type: { tensorType: { elemType: number; shape: { dim: ({ dimParam: string } | { dimValue: number })[] } } };
}
export interface GraphProto {
  name: string;
  node: NodeProto[];
  initializer: TensorProto[];
  input: ValueInfoProto[];
  output: ValueInfoProto[];
}

/** The version of ONNX's own operators that graphs are written in. */
export const OPSET = 20;

export interface ModelInfo {
  producerName?: string | undefined;
  producerVersion?: string | undefined;
  /** Shown by viewers. */
  metadata?: Readonly<Record<string, string>> | undefined;
}

/** The bytes of an `.onnx` file with this graph; it imports the domains that the graph uses. */
export function encodeModel(
  graph: Omit<GraphProto, 'initializer'> & { initializer: (TensorProto | ExternalTensorProto)[] },
  { metadata = {}, ...producer }: ModelInfo = {},
): Uint8Array {
  const domains = new Set(graph.node.map(({ domain }) => domain));
  domains.delete('');
  const opsetImport = [
    { domain: '', version: OPSET },
    ...[...domains].sort().map((domain) => ({ domain, version: 1 })),
  ];
  const metadataProps = Object.entries(metadata).map(([key, value]) => ({ key, value }));
  return root
    .lookupType('Model')
    .encode({ irVersion: 9, ...producer, opsetImport, metadataProps, graph })
    .finish();
}
