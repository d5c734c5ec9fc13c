import { describe, expect, it } from 'vitest';
import { expandBraces } from './expand-braces';
import { globPattern } from './glob-pattern';

describe('expandBraces', () => {
  it.each([
    ['a.tar', ['a.tar']],
    ['{08..11}.tar', ['08.tar', '09.tar', '10.tar', '11.tar']],
    ['{8..10}', ['8', '9', '10']],
    ['{2..0}', ['2', '1', '0']],
    ['{a,b}-{0..1}', ['a-0', 'b-0', 'a-1', 'b-1']],
    ['{x,{y,z}}.jpg', ['x.jpg', 'y.jpg', 'z.jpg']],
    ['{single}.tar', ['{single}.tar']],
  ])('%s', (pattern, names) => {
    expect(expandBraces(pattern)).toEqual(names);
  });

  it('has an end', () => {
    expect(() => expandBraces('{0..99999999}')).toThrow('stands for more than 1000000 names');
    expect(() => expandBraces('{0..9999}{0..9999}')).toThrow('stands for more than 1000000 names');
  });
});

it.each([
  ['*.tar', 'a.tar', true],
  ['*.tar', 'x/a.tar', false],
  ['*.tar', 'atar', false],
  ['**/*.jpg', 'a.JPG', true],
  ['**/*.jpg', 'x/y/a.jpg', true],
  ['x/**', 'x/y/a.jpg', true],
  ['train-?.tar', 'train-1.tar', true],
  ['train-?.tar', 'train-12.tar', false],
  ['a+(b).tar', 'a+(b).tar', true],
])('the pattern %s and %s: %s', (pattern, path, matches) => {
  expect(globPattern(pattern).test(path)).toBe(matches);
});
