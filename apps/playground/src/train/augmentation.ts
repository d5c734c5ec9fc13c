import { type AugmentStrength, playgroundRecipe } from '@crossmodal/emoji-clip/browser';
import type { RunAugmentation } from './run-settings';

/** How much pictures are changed in training; undefined for not at all. */
export function augmentation(name: RunAugmentation): AugmentStrength | undefined {
  if (name === 'none') return undefined;
  const strong = playgroundRecipe.augment;
  if (name === 'strong') return strong;
  return {
    ...strong,
    hue: 8,
    logSaturation: 0.15,
    grey: 0.03,
    logContrast: 0.12,
    brightness: 0.05,
    outline: 0,
    lineArt: 0,
    ground: 0,
    erase: 0.1,
  };
}
