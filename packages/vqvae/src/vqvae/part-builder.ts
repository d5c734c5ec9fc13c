import { ConfigError, type Rng } from '@crossmodal/core';
import { type ConfigFields, configObject, readConfig } from '@crossmodal/hub';

/** Builds a part of a model from what a `config.json` has under its name; `path` is what errors say before a key. */
export type BuildPart<Part> = (json: Record<string, unknown>, rng: Rng, caller: string, path: string) => Part;

/** Reads a class's options, and gives them to it with `rng`. */
export function partOf<Options extends { rng?: Rng | undefined }, Part>(
  Class: new (options: Options) => Part,
  fields: ConfigFields<Omit<Options, 'rng'>>,
): BuildPart<Part> {
  return (json, rng, caller, path) =>
    new Class({ ...readConfig(json, fields, caller, path), rng } as unknown as Options);
}

/**
 * Builds `json[name]` by its `type`.
 *
 * @throws ConfigError when the type is not known, or an option cannot be.
 */
export function buildPart<Part>(
  kinds: Readonly<Record<string, BuildPart<Part>>>,
  json: Record<string, unknown>,
  name: string,
  rng: Rng,
  caller: string,
  path = '',
): Part {
  const options = configObject(json[name], `${path}${name}`, caller);
  const type = options['type'];
  if (typeof type === 'string' && Object.hasOwn(kinds, type))
    return kinds[type]!(options, rng, caller, `${path}${name}.`);
  throw new ConfigError(
    `${caller}: ${path}${name}.type: expected one of ${Object.keys(kinds).join(', ')}, received ${JSON.stringify(type)}.`,
  );
}
