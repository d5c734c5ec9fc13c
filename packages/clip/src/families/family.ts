import type { Rng } from '@crossmodal/core';
import type { TextEncoder, VisionEncoder } from '@crossmodal/encoders';
import type { CLIP, CLIPOptions } from '../clip';

/** A kind of CLIP that is published: how its `config.json` is read and written. */
export interface CLIPFamily {
  /** What `config.json` calls it. */
  modelType: string;
  /** The towers of a parsed `config.json`, and the rest of what {@link CLIP} is made of. */
  read(json: Record<string, unknown>, rng: Rng): CLIPOptions<VisionEncoder, TextEncoder>;
  /** The `config.json` of a model; undefined when its towers are not of this family. */
  write(clip: CLIP): Record<string, unknown> | undefined;
}
