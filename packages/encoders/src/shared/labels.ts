import { ConfigError } from '@crossmodal/core';
import { type ConfigField, field, readConfig } from '@crossmodal/hub';

/** Names of classes by their numbers: `{ 0: 'cat', 1: 'dog' }`. */
export type ClassLabels = Readonly<Record<string, string>>;

const labels: ConfigField<ClassLabels> = {
  preset: {},
  expected: 'a label for every class from 0',
  check(value) {
    if (typeof value !== 'object' || value === null) return false;
    const entries = Object.values(value);
    return entries.length > 0 && entries.every((label, i) => typeof label === 'string' && i in value);
  },
};
const FIELDS = { id2label: field.optional(labels), numLabels: field.optional(field.integer(2)) };

/**
 * The classes that the head of a published model tells apart; where they have no names, `LABEL_0` and so on.
 * Undefined for a configuration that does not say (transformers builds 2 then).
 */
export function readClassLabels(json: unknown, caller: string): ClassLabels | undefined {
  const { id2label, numLabels } = readConfig(json, FIELDS, caller);
  return id2label ?? (numLabels === undefined ? undefined : numberedLabels(numLabels));
}

/** `LABEL_0`, `LABEL_1`, ...: what transformers calls classes without names. */
export function numberedLabels(count: number): ClassLabels {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [i, `LABEL_${i}`]));
}

/**
 * The names in order.
 *
 * @throws ConfigError when there are none.
 */
export function labelsInOrder(id2label: ClassLabels | undefined, caller: string): string[] {
  const names = Object.values(id2label ?? {}); // integer keys come in order
  if (names.length > 0) return names;
  throw new ConfigError(
    `${caller}: id2label: expected a label or more, received ${JSON.stringify(id2label)}.`,
  );
}
