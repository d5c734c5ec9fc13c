import { expect, it } from 'vitest';
import { filterPaths, isPlainPattern, matchesGlob } from './glob';

it.each([
  ['a.json', '*.json', true],
  ['a/b.json', '*.json', true], // as Python's fnmatch has it
  ['a.jsonl', '*.json', false],
  ['onnx/a/b', 'onnx/', true],
  ['onnx', 'onnx/', false],
  ['model-1.bin', 'model-?.bin', true],
  ['model-12.bin', 'model-?.bin', false],
  ['model-3.bin', 'model-[1-4].bin', true],
  ['model-5.bin', 'model-[1-4].bin', false],
  ['model-5.bin', 'model-[!1-4].bin', true],
  ['a]b', 'a[]]b', true],
  ['a[b', 'a[[]b', true],
  ['a(b)+{c}.x', 'a(b)+{c}.x', true],
  ['aXx', 'a.x', false],
  ['a\\b', 'a[\\]b', true],
  ['a[b', 'a[b', true],
  ['A.json', 'a.json', false],
])('%s and %s: %s', (path, pattern, expected) => {
  expect(matchesGlob(path, pattern)).toBe(expected);
});

it('filters by patterns and what is to be ignored', () => {
  const paths = ['a.json', 'b.json', 'c.bin'];
  expect(filterPaths(paths, undefined)).toEqual(paths);
  expect(filterPaths(paths, [])).toEqual([]);
  expect(filterPaths(paths, ['*.json', 'c*'], ['b*'])).toEqual(['a.json', 'c.bin']);
  expect(['a.json', 'a*', 'a/', 'a?'].map(isPlainPattern)).toEqual([true, false, false, false]);
});
