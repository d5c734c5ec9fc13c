import { UNARY_NODES } from '@crossmodal/onnx-graph';
import { feed, isFloat, type OnnxKernel, scalarInput, sizeOf } from '../kernel';

/** At a time, where there are several nodes: what lies between them stays in the processor's cache. */
export const CHUNK_ELEMENTS = 2 ** 19;

/** Below this many elements a JavaScript loop ends before a session has begun. */
const SMALL = 512;

const elementwise = Object.entries(UNARY_NODES).map(
  ([kernelName, build]): OnnxKernel => ({
    kernelName,
    plan({ x }, attrs) {
      const size = sizeOf(x!.shape);
      if (!isFloat(x!) || size < SMALL) return;
      return {
        key: `${kernelName} ${attrs['alpha'] ?? ''}`,
        inputs: [feed(x!, [size])],
        outputs: [{ dtype: 'float32', shape: x!.shape, graphShape: [size] }],
        build: (graph, [a]) => [build(graph, a!, attrs)],
      };
    },
  }),
);

/** 1 where x is positive, `alpha` where not; not-a-number stays. */
const step: OnnxKernel = {
  kernelName: 'Step',
  plan({ x }, { alpha }) {
    const size = sizeOf(x!.shape);
    if (!isFloat(x!) || size < SMALL) return;
    return {
      key: `Step ${alpha}`,
      inputs: [feed(x!, [size])],
      outputs: [{ dtype: 'float32', shape: x!.shape, graphShape: [size] }],
      build(graph, [a]) {
        const positive = graph.op('Greater', [a!, graph.scalar(0)]);
        const value =
          alpha === 0
            ? graph.op('Cast', [positive], { to: 1 })
            : graph.op('Where', [positive, graph.scalar(1), graph.scalar(alpha as number)]);
        return [graph.op('Where', [graph.op('IsNaN', [a!]), a!, value])];
      },
      chunk: { rows: CHUNK_ELEMENTS, split: [true] },
    };
  },
};

/** dy where y is above 0, else 0 (of a finite dy). */
const reluGrad: OnnxKernel = {
  kernelName: 'ReluGrad',
  plan({ dy, y }) {
    const size = sizeOf(dy!.shape);
    return {
      key: 'ReluGrad',
      inputs: [feed(dy!, [size]), feed(y!, [size])],
      outputs: [{ dtype: 'float32', shape: dy!.shape, graphShape: [size] }],
      build(graph, [gradient, result]) {
        const positive = graph.op('Cast', [graph.op('Greater', [result!, graph.scalar(0)])], { to: 1 });
        return [graph.op('Mul', [gradient!, positive])];
      },
      chunk: { rows: CHUNK_ELEMENTS, split: [true, true] },
    };
  },
};

const clipByValue: OnnxKernel = {
  kernelName: 'ClipByValue',
  plan({ x }, { clipValueMin, clipValueMax }) {
    const size = sizeOf(x!.shape);
    if (!isFloat(x!) || size < SMALL) return;
    return {
      key: 'ClipByValue',
      inputs: [feed(x!, [size]), scalarInput(clipValueMin as number), scalarInput(clipValueMax as number)],
      outputs: [{ dtype: 'float32', shape: x!.shape, graphShape: [size] }],
      build: (graph, [a, low, high]) => [graph.op('Clip', [a!, low!, high!])],
    };
  },
};

export const unary = [...elementwise, step, reluGrad, clipByValue];
