import type { Rng } from '@crossmodal/core';
import { field } from '@crossmodal/hub';
import { ConvDecoder, ConvEncoder } from './conv-coders';
import type { ImageDecoder, ImageEncoder } from './image-coder';
import { type BuildPart, buildPart, partOf } from './part-builder';
import { PatchDecoder, PatchEncoder } from './patch-coders';
import { QUANTIZERS } from './quantizer-kinds';

const size = field.optional(field.integer(1));
const numResidualBlocks = field.optional(field.integer(2, 0));
const conv = { hiddenSize: size, residualSize: size, numResidualBlocks };
const patch = { patchSize: size, hiddenSize: size, numResidualBlocks };

const ENCODERS: Readonly<Record<string, BuildPart<ImageEncoder>>> = {
  conv: partOf(ConvEncoder, conv),
  patch: partOf(PatchEncoder, patch),
};
const DECODERS: Readonly<Record<string, BuildPart<ImageDecoder>>> = {
  conv: partOf(ConvDecoder, conv),
  patch: partOf(PatchDecoder, patch),
};

/**
 * The parts that a VQ-VAE's `config.json` describes, each by its `type` and its class's options in snake_case.
 *
 * @throws ConfigError when a type is not known, or an option cannot be.
 */
export function buildVQVAEParts(json: Record<string, unknown>, rng: Rng, caller: string) {
  return {
    encoder: buildPart(ENCODERS, json, 'encoder', rng, caller),
    quantizer: buildPart(QUANTIZERS, json, 'quantizer', rng, caller),
    decoder: buildPart(DECODERS, json, 'decoder', rng, caller),
  };
}
