import type { Kernel } from '../kernel';
import { binary } from './binary';
import { fills } from './fill';
import { layout } from './layout';
import { matmul } from './matmul';
import { reductions } from './reduction';
import { unary } from './unary';

/** Every kernel that this backend does itself, by family. */
export const kernels: Kernel[] = [...unary, ...binary, ...reductions, ...fills, ...layout, ...matmul];
