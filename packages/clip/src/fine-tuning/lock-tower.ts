import {
  BatchNorm2d,
  ConfigError,
  GroupNorm,
  LayerNorm,
  type Module,
  type Parameter,
  RMSNorm,
} from '@crossmodal/core';
import type { CLIP } from '../clip';

export interface LockTowerOptions {
  /**
   * Groups that are trained, counted from the end: the projection (where there is one), the last layer with what
   * follows it, the layer before, ..., and, first of all, the embeddings. Default 0: none.
   */
  unlockedLayers?: number;
  /** Whether norms are locked with the rest. Default true. */
  freezeNorms?: boolean;
}

/**
 * Locks a tower for tuning the other one against it, or all but its last layers; locking layers locks the
 * embeddings below them. open_clip's groups. Batch norms that are locked keep their running statistics.
 *
 * @returns Number of parameters locked.
 * @throws ConfigError when `unlockedLayers` is not an integer from 0.
 * @see Zhai et al. 2021, "LiT: Zero-shot transfer with locked-image text tuning".
 * @example
 * lockTower(clip, 'vision');
 * lockTower(clip, 'text', { unlockedLayers: 3 }); // trains the projection and the last two layers
 */
export function lockTower(
  clip: CLIP,
  tower: 'vision' | 'text',
  { unlockedLayers = 0, freezeNorms = true }: LockTowerOptions = {},
): number {
  if (!Number.isInteger(unlockedLayers) || unlockedLayers < 0)
    throw new ConfigError(
      `lockTower: unlockedLayers: expected an integer from 0, received ${unlockedLayers}.`,
    );
  const [model, projection] =
    tower === 'vision' ? [clip.visionModel, clip.visualProjection] : [clip.textModel, clip.textProjection];
  const groups = [...layerGroups(model), ...(projection ? [[projection.weight]] : [])];
  const norms = new Set<Parameter>();
  for (const module of model.allModules())
    if (isNorm(module)) for (const parameter of module.namedParameters().values()) norms.add(parameter);
  let locked = 0;
  for (const [i, group] of groups.entries()) {
    for (const parameter of group) {
      parameter.trainable = i >= groups.length - unlockedLayers || (!freezeNorms && norms.has(parameter));
      if (!parameter.trainable && !parameter.buffer) locked++;
    }
  }
  return locked;
}

/** Parameters from input to output: what lies before the layers, each layer, and with the last one all after it. */
function layerGroups(tower: Module): Parameter[][] {
  const named = [...tower.namedParameters()];
  const layers = layerNumbers(named.map(([key]) => key));
  const count = Math.max(-1, ...layers.filter((layer) => layer !== undefined)) + 1;
  const groups: Parameter[][] = Array.from({ length: 1 + count }, () => []);
  let past = 0;
  for (const [i, [, parameter]] of named.entries()) {
    const layer = layers[i];
    if (layer !== undefined) past = count;
    groups[layer === undefined ? past : 1 + layer]!.push(parameter);
  }
  return groups;
}

/** Which of a tower's layers each key is of: those of its largest numbered list. */
function layerNumbers(keys: readonly string[]): (number | undefined)[] {
  const parts = keys.map((key) => /^(.*?)\.(\d+)\./.exec(`.${key}`));
  const sizes = new Map<string, number>();
  for (const part of parts) if (part) sizes.set(part[1]!, (sizes.get(part[1]!) ?? 0) + 1);
  const [largest] = [...sizes].sort(([, a], [, b]) => b - a)[0] ?? [];
  return parts.map((part) => (part && part[1] === largest ? Number(part[2]) : undefined));
}

function isNorm(module: Module): boolean {
  return [LayerNorm, RMSNorm, GroupNorm, BatchNorm2d].some((norm) => module instanceof norm);
}
