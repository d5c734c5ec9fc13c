import { BackendError } from '@crossmodal/core';
import type { GraphBuilder } from '@crossmodal/onnx-graph';
import * as tf from '@tensorflow/tfjs-core';
import type {
  InferenceSession,
  InferenceSessionFactory,
  Tensor,
  TensorConstructor,
} from 'onnxruntime-common';
import type { DType } from '../trace/trace-graph';
import { typedValues } from '../typed-values';
import type { AsyncSession } from './async-runtime';
import type { RunQueue } from './run-queue';
import type { OutputSpec } from './runtime';
import type { WebgpuEngine } from './webgpu-engine';

/** What onnxruntime-web and onnxruntime-node have in common. */
export interface Ort {
  InferenceSession: InferenceSessionFactory;
  Tensor: TensorConstructor & { fromGpuBuffer: typeof Tensor.fromGpuBuffer };
}

export interface OrtSessionOptions {
  ort: Ort;
  session: InferenceSession.SessionOptions;
  /** Where sessions cannot run beside each other: the one queue of all. */
  queue?: RunQueue | undefined;
  /** The engine on the GPU device of the session, where it is the active one. */
  sharedEngine?: (() => WebgpuEngine | undefined) | undefined;
}

/** A session of ONNX Runtime that reads tensors of the active engine and makes such. */
export async function openOrtSession(
  graph: GraphBuilder,
  outputNames: readonly string[],
  { ort, session: options, queue, sharedEngine }: OrtSessionOptions,
): Promise<AsyncSession> {
  const inTurn = <T>(job: () => Promise<T>) => (queue ? queue.add(job) : job());
  const session = await inTurn(() => ort.InferenceSession.create(graph.finish(), options));
  return {
    run: (inputs, outputs) =>
      inTurn(async () => {
        const engine = sharedEngine?.();
        const given = await Promise.all(inputs.map((input) => ortTensor(ort, input, engine)));
        const feeds = Object.fromEntries(given.map((tensor, i) => [`i${i}`, tensor]));
        const made = outputs.map((output) => (engine?.holds(output) ? engine.allocate(output) : undefined));
        try {
          const fetches = Object.fromEntries(
            outputs.map((output, i) => [
              outputNames[i]!,
              made[i] ? gpuTensor(ort, made[i].buffer, output) : null,
            ]),
          );
          engine?.submit();
          const results = await session.run(feeds, fetches);
          return outputs.map(
            (output, i) => made[i]?.tensor() ?? engineTensor(results[outputNames[i]!]!, output),
          );
        } catch (cause) {
          for (const allocation of made) allocation?.release();
          throw new BackendError(`compile: ONNX Runtime cannot run the graph: ${(cause as Error).message}`, {
            cause,
          });
        }
      }),
    dispose: () => inTurn(() => session.release()),
  };
}

async function ortTensor(ort: Ort, tensor: tf.Tensor, engine: WebgpuEngine | undefined): Promise<Tensor> {
  const { shape, dtype } = tensor;
  if (engine?.holds(tensor)) return gpuTensor(ort, engine.bufferOf(tensor), { shape, dtype: dtype as DType });
  const values = typedValues(await tensor.data(), dtype as DType);
  return new ort.Tensor(dtype as 'float32', values as Float32Array, shape);
}

const gpuTensor = (ort: Ort, buffer: GPUBuffer, { shape, dtype }: OutputSpec): Tensor =>
  ort.Tensor.fromGpuBuffer(buffer as never, { dataType: dtype as 'float32', dims: shape });

const engineTensor = ({ data }: Tensor, { shape, dtype }: OutputSpec): tf.Tensor =>
  tf.tensor(data as Float32Array, shape, dtype);
