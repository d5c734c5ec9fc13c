import { ConfigError } from '@crossmodal/core';

/** What a key of a configuration may be. */
export interface ConfigField<T> {
  /** Its value where the file leaves it out: `transformers`' default. */
  preset: T;
  /** What it has to be, in words. */
  expected: string;
  check(value: unknown): boolean;
}

/** A field for every key of a configuration. */
export type ConfigFields<T extends object> = { readonly [K in keyof T]-?: ConfigField<T[K]> };

export const field = {
  integer: (preset: number, least = 1): ConfigField<number> => ({
    preset,
    expected: `an integer of at least ${least}`,
    check: (value) => Number.isSafeInteger(value) && (value as number) >= least,
  }),
  number: (preset: number, least = 0): ConfigField<number> => ({
    preset,
    expected: `a number of at least ${least}`,
    check: (value) => Number.isFinite(value) && (value as number) >= least,
  }),
  boolean: (preset: boolean): ConfigField<boolean> => ({
    preset,
    expected: 'true or false',
    check: (value) => typeof value === 'boolean',
  }),
  oneOf: <Name extends string>(names: readonly Name[], preset: NoInfer<Name>): ConfigField<Name> => ({
    preset,
    expected: `one of ${names.join(', ')}`,
    check: (value) => names.includes(value as Name),
  }),
  integers: (preset: readonly number[]): ConfigField<readonly number[]> => ({
    preset,
    expected: 'a list of integers of at least 0',
    check: (value) => Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0),
  }),
  /** A key that may be null or left out. */
  optional: <T>(of: ConfigField<T>): ConfigField<T | undefined> => ({
    preset: undefined,
    expected: of.expected,
    check: (value) => value === undefined || of.check(value),
  }),
};

/**
 * Reads the keys of a published `config.json`, parsed: `hidden_size` becomes `hiddenSize`. What it leaves out (or
 * says is null) has its preset, and other keys are passed over.
 *
 * @param caller What errors begin with.
 * @param path What errors say before a key: `text_config.`
 * @throws ConfigError when a value cannot be.
 * @example
 * const fields = { hiddenSize: field.integer(768), hiddenAct: field.oneOf(['gelu', 'relu'], 'gelu') };
 * readConfig({ hidden_size: 32 }, fields, 'readViTConfig'); // { hiddenSize: 32, hiddenAct: 'gelu' }
 */
export function readConfig<T extends object>(
  json: unknown,
  fields: ConfigFields<T>,
  caller: string,
  path = '',
): T {
  const given = configObject(json, path === '' ? 'the file' : path.slice(0, -1), caller);
  const config: Partial<T> = {};
  for (const [key, { preset, expected, check }] of Object.entries(fields) as [
    keyof T & string,
    ConfigField<T[keyof T & string]>,
  ][]) {
    const name = snakeCase(key);
    const value = (given[name] ?? preset) as T[keyof T & string];
    if (!check(value))
      throw new ConfigError(`${caller}: ${path}${name}: expected ${expected}, received ${show(value)}.`);
    if (value !== undefined) config[key] = value;
  }
  return config as T;
}

/** A part of a configuration that has to be an object. */
export function configObject(value: unknown, what: string, caller: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new ConfigError(`${caller}: ${what}: expected an object, received ${show(value)}.`);
}

/**
 * Sees that a `config.json` is of a kind of model that the caller builds; one that does not say is let pass.
 *
 * @throws ConfigError
 */
export function checkModelType(
  json: Record<string, unknown>,
  types: readonly string[],
  caller: string,
): void {
  const type = json['model_type'];
  if (type === undefined || types.includes(type as string)) return;
  const expected = types.map((t) => `"${t}"`).join(' or ');
  throw new ConfigError(`${caller}: model_type: expected ${expected}, received ${show(type)}.`);
}

/** The keys of `config.json` for a configuration: `hiddenSize` becomes `hidden_size`. */
export function writeConfig(config: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [snakeCase(key), value]));
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 100 ? `${text.slice(0, 100)}...` : text;
}

function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
