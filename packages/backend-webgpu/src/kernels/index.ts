import type { WebgpuKernel } from '../kernel';
import { adamWGroup } from './adamw-group';
import { addGroups } from './add-group';
import { attentions } from './attention';
import { cachedAttention } from './cached-attention';
import { channelNorms } from './channel-norm';
import { convolutions } from './conv/convolution';
import { convFilterGradient } from './conv/filter-gradient';
import { convInputGradient, convTranspose } from './conv/input-gradient';
import { decoderBlock } from './decoder-block';
import { encoderBlock } from './encoder-block';
import { trainedEncoderBlocks } from './encoder-block-training';
import { gelus } from './gelu';
import { gradientScales } from './gradient-scale';
import { l2Normalizations } from './l2-normalize';
import { matmuls } from './matmul/matmul';
import { norms } from './norm';
import { relus } from './relu';
import { segmentSumKernels } from './segment-sums';
import { softmaxCrossEntropies } from './softmax-cross-entropy';
import { sumKernel } from './sum-rows';
import { transpose } from './transpose';

/** Every kernel that is ours: core's fused operations, and what tfjs's backend does slowly. */
export const kernels: WebgpuKernel[] = [
  adamWGroup,
  ...addGroups,
  ...attentions,
  cachedAttention,
  ...channelNorms,
  ...convolutions,
  convFilterGradient,
  convInputGradient,
  convTranspose,
  decoderBlock,
  encoderBlock,
  ...trainedEncoderBlocks,
  ...gelus,
  ...gradientScales,
  ...l2Normalizations,
  ...matmuls,
  ...norms,
  ...relus,
  ...segmentSumKernels,
  ...softmaxCrossEntropies,
  sumKernel,
  transpose,
];
