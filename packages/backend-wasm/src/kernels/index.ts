import type { WasmKernel } from '../kernel';
import { casts } from './cast';
import { convolutions } from './conv';
import { depthwiseConvolutions } from './depthwise-conv';
import { einsums } from './einsum';
import { divisions } from './floor-div';
import { gelus } from './gelu';
import { identities } from './identity';
import { layerNorms } from './layer-norm';
import { products } from './matmul';
import { optimizers } from './optimizer';
import { pools } from './pool';
import { reductions } from './reduction';
import { resizes } from './resize';
import { segments } from './segment-sum';
import { transposes } from './transpose';

/** Every kernel that is ours: what tfjs's backend lacks, does wrong, or does slowly. */
export const kernels: WasmKernel[] = [
  ...casts,
  ...convolutions,
  ...depthwiseConvolutions,
  ...divisions,
  ...einsums,
  ...gelus,
  ...identities,
  ...layerNorms,
  ...optimizers,
  ...pools,
  ...products,
  ...reductions,
  ...resizes,
  ...segments,
  ...transposes,
];
