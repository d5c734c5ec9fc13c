import { ConfigError } from '@crossmodal/core';
import { SkipSample } from '@crossmodal/data';

export interface MissingOptions {
  /**
   * What becomes of a sample whose text or picture is not there or is empty. `'skip'` (default): it is left out, and
   * counted. `'keep'`: it is given without, unless both are missing; for models that take missing modalities.
   */
  missing?: 'skip' | 'keep';
}

/** How text and picture are come by; undefined where the data set has none. */
interface Parts {
  text?: (() => string | Promise<string>) | undefined;
  image?: (() => string | Promise<string>) | undefined;
}

export function checkMissing(missing: MissingOptions['missing'], where: string): void {
  if (missing !== undefined && missing !== 'skip' && missing !== 'keep')
    throw new ConfigError(
      `${where}: missing: expected 'skip' or 'keep', received ${JSON.stringify(missing)}.`,
    );
}

/** Text (trimmed) and path of the picture. @throws SkipSample for what `missing` says is to be left out. */
export async function textAndImage(
  parts: Parts,
  missing: MissingOptions['missing'] = 'skip',
): Promise<{ text?: string; image?: string }> {
  const found: { text?: string; image?: string } = {};
  let lack: SkipSample | undefined;
  for (const name of ['text', 'image'] as const) {
    try {
      const value = (await parts[name]?.())?.trim();
      if (value === '') throw new SkipSample(`no ${name}`, `the ${name} is empty.`);
      if (value !== undefined) found[name] = value;
    } catch (error) {
      const isLack = error instanceof SkipSample && /^(no|empty) (text|image)$/.test(error.reason);
      if (missing === 'skip' || !isLack) throw error;
      lack = error;
    }
  }
  if (found.text === undefined && found.image === undefined)
    throw lack ?? new SkipSample('no text', 'there is neither text nor picture.');
  return found;
}
