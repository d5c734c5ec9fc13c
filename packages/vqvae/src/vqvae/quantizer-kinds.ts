import { field, readConfig } from '@crossmodal/hub';
import { CosineVectorQuantizer } from '../quantizers/cosine-vector-quantizer';
import { EMAVectorQuantizer } from '../quantizers/ema-vector-quantizer';
import { FSQ } from '../quantizers/fsq';
import { GumbelQuantizer } from '../quantizers/gumbel-quantizer';
import { LFQ } from '../quantizers/lfq';
import { MultiHeadQuantizer } from '../quantizers/multi-head-quantizer';
import type { GradientEstimator } from '../quantizers/pass-gradient';
import type { Quantizer } from '../quantizers/quantizer';
import { ResidualQuantizer } from '../quantizers/residual-quantizer';
import { SimVQ } from '../quantizers/sim-vq';
import { VectorQuantizer } from '../quantizers/vector-quantizer';
import { type BuildPart, buildPart, partOf } from './part-builder';

const { integer, integers, number, boolean, oneOf, optional } = field;
const share = optional(number(0));
const size = optional(integer(1));
const commitmentWeight = share;
const estimators: readonly GradientEstimator[] = ['straightThrough', 'rotationTrick'];
const codebook = {
  codebookSize: integer(512),
  dim: integer(64),
  commitmentWeight,
  gradientEstimator: optional(oneOf(estimators, 'straightThrough')),
};

/** The quantizers that a `config.json` can name, with their options in snake_case. */
export const QUANTIZERS: Readonly<Record<string, BuildPart<Quantizer>>> = {
  vector: partOf(VectorQuantizer, { ...codebook, legacyBeta: optional(boolean(false)) }),
  ema: partOf(EMAVectorQuantizer, {
    ...codebook,
    decay: share,
    epsilon: share,
    kMeansIterations: optional(integer(0, 0)),
    restartThreshold: share,
  }),
  cosine: partOf(CosineVectorQuantizer, { ...codebook, codebookDim: size }),
  sim: partOf(SimVQ, codebook),
  gumbel: partOf(GumbelQuantizer, {
    codebookSize: integer(512),
    dim: integer(64),
    temperature: share,
    klWeight: share,
    hard: optional(boolean(true)),
  }),
  fsq: partOf(FSQ, { levels: integers([8, 5, 5, 5]), dim: size }),
  lfq: partOf(LFQ, {
    codebookSize: integer(1024),
    dim: size,
    entropyWeight: share,
    diversityWeight: share,
    temperature: share,
    entropyBits: size,
    commitmentWeight,
  }),
  residual(json, rng, caller, path) {
    const { numQuantizers } = readConfig(json, { numQuantizers: integer(4) }, caller, path);
    const createQuantizer = () => buildPart(QUANTIZERS, json, 'quantizer', rng, caller, path);
    return new ResidualQuantizer({ numQuantizers, createQuantizer });
  },
  multi_head(json, rng, caller, path) {
    const { numHeads } = readConfig(json, { numHeads: integer(4) }, caller, path);
    const quantizer = buildPart(QUANTIZERS, json, 'quantizer', rng, caller, path);
    return new MultiHeadQuantizer({ numHeads, quantizer });
  },
};
