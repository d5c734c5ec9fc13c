import { ConfigError } from '@crossmodal/core';

const MOST = 1_000_000;

/**
 * The names that a pattern with braces stands for: `{0000..0099}` counts (with the leading zeros of its ends),
 * `{train,val}` lists; braces nest.
 */
export function expandBraces(pattern: string): string[] {
  const range = /\{(\d+)\.\.(\d+)\}/.exec(pattern);
  const list = /\{([^{}]*,[^{}]*)\}/.exec(pattern); // innermost first
  const found = range ?? list;
  if (!found) return [pattern];
  const before = pattern.slice(0, found.index);
  const after = pattern.slice(found.index + found[0].length);
  const parts = range ? count(range[1]!, range[2]!, pattern) : list![1]!.split(',');
  const all: string[] = [];
  for (const part of parts) {
    for (const name of expandBraces(before + part + after)) all.push(name);
    if (all.length > MOST) throw tooMany(pattern);
  }
  return range ? all : [...new Set(all)];
}

function count(first: string, last: string, pattern: string): string[] {
  const from = Number(first);
  const to = Number(last);
  if (Math.abs(to - from) >= MOST) throw tooMany(pattern);
  const width = /^0\d/.test(first) || /^0\d/.test(last) ? Math.max(first.length, last.length) : 0;
  const step = to >= from ? 1 : -1;
  return Array.from({ length: Math.abs(to - from) + 1 }, (_, i) =>
    String(from + i * step).padStart(width, '0'),
  );
}

function tooMany(pattern: string): ConfigError {
  return new ConfigError(`expandBraces: ${JSON.stringify(pattern)} stands for more than ${MOST} names.`);
}
