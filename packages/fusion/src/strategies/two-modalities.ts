import { ConfigError } from '@crossmodal/core';

/** Sizes of the two modalities that a strategy is made of. @throws ConfigError when there are more or fewer. */
export function twoModalities(
  modalities: Readonly<Record<string, number>>,
  who: string,
  forMore: string,
): [number, number] {
  const dims = Object.values(modalities);
  if (dims.length !== 2)
    throw new ConfigError(
      `${who}: modalities: expected exactly two, received ${dims.length}. For another number take ${forMore}.`,
    );
  return dims as [number, number];
}
