import type { WebgpuKernel } from '../kernel';
import { attentions } from './attention';
import { gelus } from './gelu';
import { norms } from './norm';
import { segmentSumKernels } from './segment-sums';
import { softmaxCrossEntropies } from './softmax-cross-entropy';

/** Every kernel that is ours: core's fused operations, and what tfjs's backend does slowly. */
export const kernels: WebgpuKernel[] = [
  ...attentions,
  ...gelus,
  ...norms,
  ...segmentSumKernels,
  ...softmaxCrossEntropies,
];
