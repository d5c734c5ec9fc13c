import { expect, it } from 'vitest';
import { readLabels } from './read-labels';

it('takes words apart in both languages, each once', () => {
  expect(readLabels('cat, dog ,cat,, red heart\nsun;moon')).toEqual([
    'cat',
    'dog',
    'red heart',
    'sun',
    'moon',
  ]);
  expect(readLabels('笑脸，红心、手机；书')).toEqual(['笑脸', '红心', '手机', '书']);
  expect(readLabels('  ')).toEqual([]);
});
