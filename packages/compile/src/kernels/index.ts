import type { TraceKernel } from '../kernel';
import { elementwise } from './elementwise';
import { fills } from './fill';
import { fused } from './fused';
import { layout } from './layout';
import { matmul } from './matmul';
import { reductions } from './reduce';

/** Every kernel that can be recorded, by family. */
export const kernels: readonly TraceKernel[] = [elementwise, reductions, fills, layout, matmul, fused].flat();
