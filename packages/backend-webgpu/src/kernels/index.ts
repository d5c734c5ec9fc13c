import type { WebgpuKernel } from '../kernel';
import { gelus } from './gelu';

/** Every kernel that is ours: core's fused operations, and what tfjs's backend does slowly. */
export const kernels: WebgpuKernel[] = [...gelus];
