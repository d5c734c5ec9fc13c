import { BackendError } from '@crossmodal/core';
import type { GraphBuilder } from '@crossmodal/onnx-graph';
import * as tf from '@tensorflow/tfjs-core';
import type { TypedArray } from '../trace/trace-graph';
import type { Runtime } from './runtime';

/** What `@crossmodal/backend-onnx` offers beside kernels. */
interface GraphBackend extends tf.KernelBackend {
  held(dataId: object): TypedArray;
  compileGraph(graph: GraphBuilder, outputNames: string[]): CompiledGraph;
  runGraph(
    graph: CompiledGraph,
    inputs: readonly tf.TensorInfo[],
    outputs: readonly { shape: number[]; dtype: string; into?: tf.TensorInfo | undefined }[],
  ): tf.TensorInfo[];
}
interface CompiledGraph {
  session: { dispose(): void };
}

/**
 * ONNX Runtime in this process, on the memory of the engine `onnx`.
 *
 * @throws BackendError where that engine is not there.
 */
export function onnxEngine(): Runtime {
  const backend = tf.findBackend('onnx') as GraphBackend | null;
  if (!backend?.compileGraph)
    throw new BackendError(
      "compile: the engine 'onnx' is not there. In Node, npm install @crossmodal/backend-onnx and import it; in a " +
        'browser, use compileAsync.',
    );
  return {
    dialect: 'onnxruntime',
    held: (dataId) => backend.held(dataId),
    open(graph, outputNames) {
      const compiled = backend.compileGraph(graph, outputNames);
      return {
        run(inputs, outputs) {
          const made = backend.runGraph(compiled, inputs, outputs);
          return outputs.map(
            ({ into }) => into ?? tf.engine().makeTensorFromTensorInfo(made.shift()!, backend),
          );
        },
        dispose: () => compiled.session.dispose(),
      };
    },
  };
}
