import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type KernelCall, sizeOf, type WebgpuKernel } from '../kernel';
import { isDecoding, runDecode } from './attention-decode';
import { runForward } from './attention-forward';
import { runGradient } from './attention-gradient';
import { attentionShapes } from './attention-shapes';

/**
 * Attention, of heads apart or side by side as {@link attentionShapes} has it, into `output` (which lies as the queries
 * do) and `logSumExp` [batch, heads, queries], of which the gradient is found.
 *
 * @param call inputs: query, key, value, and bias or none; nothing empty
 */
export function attend(
  call: KernelCall,
  output: TensorInfo,
  logSumExp: TensorInfo,
  shapes = attentionShapes(call),
): void {
  const run = isDecoding(shapes) ? runDecode : runForward;
  run(call, shapes, output, logSumExp);
}

/** Nothing of the size queries x keys is ever in memory: of the weights, one number for each query is saved. */
const attention: WebgpuKernel = {
  kernelName: 'FusedAttention',
  compute(call) {
    const { query, key } = call.inputs as Record<string, TensorInfo>;
    const rows = query!.shape.slice(0, 3);
    if (sizeOf(query!.shape) === 0 || key!.shape[2] === 0)
      return [zeros(call, query!.shape), zeros(call, rows)];
    const output = call.backend.makeTensorInfo(query!.shape, 'float32');
    const logSumExp = call.backend.makeTensorInfo(rows, 'float32');
    attend(call, output, logSumExp);
    return [output, logSumExp];
  },
};

const attentionGrad: WebgpuKernel = {
  kernelName: 'FusedAttentionGrad',
  compute(call) {
    const { query, key, value } = call.inputs as Record<string, TensorInfo>;
    const inputs = [query!, key!, value!] as const;
    if (inputs.some(({ shape }) => sizeOf(shape) === 0)) return inputs.map(({ shape }) => zeros(call, shape));
    const gradients = inputs.map(({ shape }) => call.backend.makeTensorInfo(shape, 'float32'));
    runGradient(call, attentionShapes(call), gradients as [TensorInfo, TensorInfo, TensorInfo]);
    return gradients;
  },
};

const zeros = ({ backend }: KernelCall, shape: number[]) =>
  backend.makeTensorInfo(shape, 'float32', new Float32Array(sizeOf(shape)));

export const attentions: WebgpuKernel[] = [attention, attentionGrad];
