import type { TraceKernel } from '../kernel';
import { channelNorms } from './channel-norm';
import { convolutions } from './conv';
import { convNorms } from './conv-norm';
import { crossEntropies } from './cross-entropy';
import { decoding } from './decoder-block';
import { elementwise } from './elementwise';
import { fills } from './fill';
import { fused } from './fused';
import { gathers } from './gather';
import { images } from './image';
import { layout } from './layout';
import { matmul } from './matmul';
import { paddings } from './pad';
import { pools } from './pool';
import { reductions } from './reduce';
import { steppedSlices } from './stepped-slice';

/** Every kernel that can be recorded, by family. */
export const kernels: readonly TraceKernel[] = [
  elementwise,
  reductions,
  fills,
  layout,
  steppedSlices,
  paddings,
  gathers,
  matmul,
  convolutions,
  convNorms,
  pools,
  images,
  channelNorms,
  fused,
  crossEntropies,
  decoding,
].flat();
