import { expect, it } from 'vitest';
import { leaveWordsOut, MOST_WORDS } from './leave-words-out';

it('leaves each word out, also one that comes twice', () => {
  expect(leaveWordsOut(['so', 'so', 'good'])).toEqual([
    ['so', 'so good'],
    ['so', 'so good'],
    ['good', 'so so'],
  ]);
  expect(leaveWordsOut(['one'])).toEqual([['one', '']]);
  expect(leaveWordsOut(Array(90).fill('x'))).toHaveLength(MOST_WORDS);
});
