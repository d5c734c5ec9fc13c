import { ConfigError } from '@crossmodal/core';
import { type ConfigFields, configObject, field, readConfig } from '@crossmodal/hub';

/** Sizes of a {@link CLIPResNet}: those of open_clip's configurations, in camelCase. */
export interface CLIPResNetConfig {
  /** Blocks of each of the four stages. */
  layers: readonly number[];
  /** Channels of the stem; the last stage has 32 times as many. */
  width: number;
  /** Channels of one head of the attention pooling. */
  headWidth: number;
  /** Height and width of the pictures, in pixels: a multiple of 32. */
  imageSize: number;
  /** Size of the pooled output: of what pictures and texts have in common. */
  embedDim: number;
}

const FIELDS: ConfigFields<CLIPResNetConfig> = {
  layers: field.integers([3, 4, 6, 3]),
  width: field.integer(64),
  headWidth: field.integer(64),
  imageSize: field.integer(224),
  embedDim: field.integer(1024),
};

/**
 * Reads the configuration of an open_clip model, parsed: what holds `embed_dim` and `vision_cfg`.
 *
 * @throws ConfigError when a value cannot be.
 */
export function readCLIPResNetConfig(json: unknown, caller = 'readCLIPResNetConfig'): CLIPResNetConfig {
  const { embed_dim, vision_cfg } = configObject(json, 'the file', caller);
  const vision = configObject(vision_cfg, 'vision_cfg', caller);
  if (!Array.isArray(vision['layers'])) {
    throw new ConfigError(
      `${caller}: vision_cfg.layers: expected the blocks of each stage, as a ResNet has, received ` +
        `${JSON.stringify(vision['layers'])}. A vision transformer is a CLIPVisionTransformer.`,
    );
  }
  return readConfig({ ...vision, embed_dim }, FIELDS, caller);
}
