import { geluDerivative, geluForward } from '@crossmodal/onnx-graph';
import { feed, type OnnxKernel, sizeOf } from '../kernel';
import { CHUNK_ELEMENTS } from './unary';

const gelu: OnnxKernel = {
  kernelName: 'FusedGelu',
  plan({ x }, { variant }) {
    const size = sizeOf(x!.shape);
    return {
      key: `FusedGelu ${variant}`,
      inputs: [feed(x!, [size])],
      outputs: [{ dtype: 'float32', shape: x!.shape, graphShape: [size] }],
      build: (graph, [a]) => [geluForward[variant as string]!(graph, a!)],
      chunk: { rows: 2 * CHUNK_ELEMENTS, split: [true] },
    };
  },
};

const geluGrad: OnnxKernel = {
  kernelName: 'FusedGeluGrad',
  plan({ dy, x }, { variant }) {
    const size = sizeOf(x!.shape);
    return {
      key: `FusedGeluGrad ${variant}`,
      inputs: [feed(dy!, [size]), feed(x!, [size])],
      outputs: [{ dtype: 'float32', shape: x!.shape, graphShape: [size] }],
      build: (graph, [gradient, a]) => [
        graph.op('Mul', [geluDerivative[variant as string]!(graph, a!), gradient!]),
      ],
      chunk: { rows: 2 * CHUNK_ELEMENTS, split: [true, true] },
    };
  },
};

export const gelus = [gelu, geluGrad];
