import type { Kernel } from '../kernel';
import { attentions } from './attention';
import { binary } from './binary';
import { channelNorms } from './channel-norm';
import { conv } from './conv';
import { convNorms } from './conv-norm';
import { crossEntropies } from './cross-entropy';
import { decoderBlocks } from './decoder-block';
import { depthwiseConv } from './depthwise-conv';
import { encoderBlocks } from './encoder-block';
import { trainedEncoderBlocks } from './encoder-block-training';
import { fills } from './fill';
import { gelus } from './gelu';
import { layout } from './layout';
import { matmul } from './matmul';
import { norms } from './norm';
import { optimizers } from './optimizer';
import { pool } from './pool';
import { reductions } from './reduction';
import { squeezeExcitation } from './squeeze-excite';
import { unary } from './unary';

/** Every kernel that this backend does itself, by family. */
export const kernels: Kernel[] = [
  unary,
  binary,
  reductions,
  fills,
  layout,
  matmul,
  conv,
  convNorms,
  depthwiseConv,
  squeezeExcitation,
  pool,
  norms,
  channelNorms,
  gelus,
  crossEntropies,
  attentions,
  decoderBlocks,
  encoderBlocks,
  trainedEncoderBlocks,
  optimizers,
].flat();
