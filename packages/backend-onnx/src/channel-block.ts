import { GraphBuilder } from '@crossmodal/onnx-graph';
import { loadNativeRuntime } from './native-binding';

let block: number | undefined;

/**
 * Channels in one block of the layout that ONNX Runtime's fast convolutions work in: 8 with AVX2, 16 with AVX-512
 * and on ARM; 0 where this processor has none.
 */
export function channelBlock(): number {
  block ??= probe();
  return block;
}

/** Reorders four channels: the result has as many as one block. */
function probe(): number {
  const { createSession, Tensor } = loadNativeRuntime();
  const graph = new GraphBuilder();
  const x = graph.input('float32', 4);
  const name = graph.output(
    graph.op('ReorderInput', [x], { channels_last: 1 }, 'com.microsoft.nchwc'),
    'float32',
    4,
  );
  const model = graph.finish();
  const session = createSession();
  try {
    session.loadModel(model.buffer, model.byteOffset, model.byteLength, { logSeverityLevel: 4 });
    const feeds = { [x]: new Tensor('float32', new Float32Array(4), [1, 1, 1, 4]) };
    const result = session.run(feeds, { [name]: null }, {}) as Record<string, { dims: number[] }>;
    return result[name]!.dims[1]!;
  } catch {
    return 0;
  }
}
