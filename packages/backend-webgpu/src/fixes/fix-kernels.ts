import * as tf from '@tensorflow/tfjs-core';
import type { WebgpuBackend } from '../webgpu-backend';

interface Call {
  inputs: Record<string, tf.TensorInfo>;
  attrs: Record<string, unknown>;
  backend: WebgpuBackend;
}
type Kernel = (call: Call) => tf.TensorInfo;

/** Replaces kernels of tfjs's WebGPU backend (4.22) that are wrong for some shapes by ones that go around it. */
export function fixKernels(): void {
  for (const [kernelName, fix] of Object.entries(fixes)) {
    const original = tf.getKernel(kernelName, 'webgpu');
    if (fixed.has(original.kernelFunc)) continue;
    const inherited = original.kernelFunc as unknown as Kernel;
    const kernelFunc = ((call: Call) => fix(call, inherited)) as unknown as tf.KernelFunc;
    fixed.add(kernelFunc);
    tf.unregisterKernel(kernelName, 'webgpu');
    tf.registerKernel({ ...original, kernelFunc });
  }
}

const fixed = new WeakSet<tf.KernelFunc>();

const fixes: Record<string, (call: Call, inherited: Kernel) => tf.TensorInfo> = {
  /** The sum of nothing is zero. */
  Sum(call, inherited) {
    const { x } = call.inputs as { x: tf.TensorInfo };
    if (sizeOf(x.shape) > 0) return inherited(call);
    const { axis, keepDims } = call.attrs as { axis: number | number[]; keepDims: boolean };
    const shape = reducedShape(x.shape, axis, keepDims);
    const dtype = x.dtype === 'bool' ? 'int32' : x.dtype;
    return zeros(call.backend, shape, dtype);
  },
  /** A program takes as many buffers as the device allows, one of them for the sum: the rest is added part by part. */
  AddN(call, inherited) {
    const most = call.backend.device.limits.maxStorageBuffersPerShaderStage - 1;
    const terms = Object.values(call.inputs);
    const add = (inputs: tf.TensorInfo[]) => inherited({ ...call, inputs: inputs as never });
    let sum = add(terms.slice(0, most));
    for (let at = most; at < terms.length; at += most - 1) {
      const part = sum;
      sum = add([part, ...terms.slice(at, at + most - 1)]);
      call.backend.disposeData(part.dataId);
    }
    return sum;
  },
  /** So is each sum of a product of empty matrices. */
  BatchMatMul(call, inherited) {
    const { a, b } = call.inputs as Record<'a' | 'b', tf.TensorInfo>;
    if (sizeOf(a.shape) > 0 && sizeOf(b.shape) > 0) return inherited(call);
    const { transposeA, transposeB } = call.attrs;
    const batch = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
    const shape = [...batch, a.shape.at(transposeA ? -1 : -2)!, b.shape.at(transposeB ? -2 : -1)!];
    return zeros(call.backend, shape, a.dtype);
  },
  /** It cannot look up nothing. */
  GatherV2(call, inherited) {
    const { x, indices } = call.inputs as Record<'x' | 'indices', tf.TensorInfo>;
    if (sizeOf(indices.shape) > 0) return inherited(call);
    const { axis, batchDims } = call.attrs as { axis: number; batchDims: number };
    const [along] = tf.util.parseAxisParam(axis, x.shape);
    const shape = [
      ...x.shape.slice(0, along),
      ...indices.shape.slice(batchDims),
      ...x.shape.slice(along! + 1),
    ];
    return zeros(call.backend, shape, x.dtype);
  },
  /** It knows ranks up to 4; axis by axis, rank 3 will do. */
  PadV2(call, inherited) {
    const { x } = call.inputs as { x: tf.TensorInfo };
    const { paddings, constantValue } = call.attrs as { paddings: [number, number][]; constantValue: number };
    if (x.shape.length <= 4) return inherited(call);
    let result = { ...x };
    call.backend.incRef(x.dataId);
    for (const [axis, [before, after]] of paddings.entries()) {
      if (before === 0 && after === 0) continue;
      const { shape } = result;
      const [outer, inner] = [sizeOf(shape.slice(0, axis)), sizeOf(shape.slice(axis + 1))];
      const padded = inherited({
        ...call,
        inputs: { x: { ...result, shape: [outer, shape[axis]!, inner] } },
        attrs: {
          paddings: [
            [0, 0],
            [before, after],
            [0, 0],
          ],
          constantValue,
        },
      });
      call.backend.disposeData(result.dataId);
      result = { ...padded, shape: shape.with(axis, before + shape[axis]! + after) };
    }
    return result;
  },
  /** Of a vector, it gives [1]. */
  ArgMax: ofVector,
  ArgMin: ofVector,
  /** It knows ranks up to 4; with a condition of the same shape, rank 1 will do. */
  Select(call, inherited) {
    const { condition, t, e } = call.inputs as Record<'condition' | 't' | 'e', tf.TensorInfo>;
    if (t.shape.length <= 4 || condition.shape.length !== t.shape.length) return inherited(call);
    const flat = (x: tf.TensorInfo) => ({ ...x, shape: [sizeOf(x.shape)] });
    const inputs = { condition: flat(condition), t: flat(t), e: flat(e) };
    return { ...inherited({ ...call, inputs }), shape: t.shape };
  },
};

function zeros(backend: WebgpuBackend, shape: number[], dtype: tf.DataType): tf.TensorInfo {
  return backend.makeTensorInfo(shape, dtype, tf.util.makeZerosTypedArray(sizeOf(shape), dtype as 'float32'));
}

function ofVector(call: Call, inherited: Kernel): tf.TensorInfo {
  const result = inherited(call);
  return call.inputs['x']!.shape.length === 1 ? { ...result, shape: [] } : result;
}

function reducedShape(shape: number[], axis: number | number[], keepDims: boolean): number[] {
  const axes = tf.util.parseAxisParam(axis, shape);
  const [reduced] = tf.backend_util.computeOutAndReduceShapes(shape, axes);
  return keepDims ? tf.backend_util.expandShapeToKeepDim(reduced, axes) : reduced;
}

const sizeOf = (shape: number[]) => tf.util.sizeFromShape(shape);
