import type { Kernel } from '../kernel';
import { binary } from './binary';
import { conv } from './conv';
import { depthwiseConv } from './depthwise-conv';
import { fills } from './fill';
import { layout } from './layout';
import { matmul } from './matmul';
import { pool } from './pool';
import { reductions } from './reduction';
import { unary } from './unary';

/** Every kernel that this backend does itself, by family. */
export const kernels: Kernel[] = [
  ...unary,
  ...binary,
  ...reductions,
  ...fills,
  ...layout,
  ...matmul,
  ...conv,
  ...depthwiseConv,
  ...pool,
];
