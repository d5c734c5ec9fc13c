import { ConfigError, type Rng } from '@crossmodal/core';
import { type ConfigFields, configObject, field, readConfig } from '@crossmodal/hub';
import { EMAVectorQuantizer } from '../quantizers/ema-vector-quantizer';
import type { GradientEstimator } from '../quantizers/pass-gradient';
import type { Quantizer } from '../quantizers/quantizer';
import { VectorQuantizer } from '../quantizers/vector-quantizer';
import { ConvDecoder, ConvEncoder } from './conv-coders';
import type { ImageDecoder, ImageEncoder } from './image-coder';
import { PatchDecoder, PatchEncoder } from './patch-coders';

type Build<Part> = (json: unknown, caller: string, path: string, rng: Rng) => Part;

/** Reads a part's options, and gives them to its class with `rng`. */
function part<Options extends { rng: Rng }, Part>(
  fields: ConfigFields<Omit<Options, 'rng'>>,
  Class: new (options: Options) => Part,
): Build<Part> {
  return (json, caller, path, rng) =>
    new Class({ ...readConfig(json, fields, caller, path), rng } as unknown as Options);
}

const { integer, number, oneOf, boolean, optional } = field;
const CONV = {
  hiddenSize: optional(integer(256)),
  residualSize: optional(integer(256)),
  numResidualBlocks: optional(integer(2, 0)),
};
const PATCH = {
  patchSize: optional(integer(4)),
  hiddenSize: optional(integer(128)),
  numResidualBlocks: optional(integer(2, 0)),
};
const CODEBOOK = {
  codebookSize: integer(512),
  dim: integer(64),
  commitmentWeight: optional(number(0.25)),
  gradientEstimator: optional(
    oneOf<GradientEstimator>(['straightThrough', 'rotationTrick'], 'straightThrough'),
  ),
};

const ENCODERS: Readonly<Record<string, Build<ImageEncoder>>> = {
  conv: part(CONV, ConvEncoder),
  patch: part(PATCH, PatchEncoder),
};
const DECODERS: Readonly<Record<string, Build<ImageDecoder>>> = {
  conv: part(CONV, ConvDecoder),
  patch: part(PATCH, PatchDecoder),
};
const QUANTIZERS: Readonly<Record<string, Build<Quantizer>>> = {
  vector: part({ ...CODEBOOK, legacyBeta: optional(boolean(false)) }, VectorQuantizer),
  ema: part(
    {
      ...CODEBOOK,
      decay: optional(number(0.99)),
      epsilon: optional(number(1e-5)),
      kMeansIterations: optional(integer(0, 0)),
      restartThreshold: optional(number(0)),
    },
    EMAVectorQuantizer,
  ),
};

/**
 * The parts that a VQ-VAE's `config.json` describes, each by its `type` and its class's options in snake_case.
 *
 * @throws ConfigError when a type is not known, or an option cannot be.
 */
export function buildVQVAEParts(json: Record<string, unknown>, rng: Rng, caller: string) {
  const build = <Part>(name: string, kinds: Readonly<Record<string, Build<Part>>>) => {
    const options = configObject(json[name], name, caller);
    const type = options['type'];
    if (typeof type !== 'string' || !Object.hasOwn(kinds, type)) {
      const known = Object.keys(kinds).join(', ');
      throw new ConfigError(
        `${caller}: ${name}.type: expected one of ${known}, received ${JSON.stringify(type)}.`,
      );
    }
    return kinds[type]!(options, caller, `${name}.`, rng);
  };
  return {
    encoder: build('encoder', ENCODERS),
    quantizer: build('quantizer', QUANTIZERS),
    decoder: build('decoder', DECODERS),
  };
}
