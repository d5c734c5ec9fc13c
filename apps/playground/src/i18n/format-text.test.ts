import { expect, it } from 'vitest';
import { formatText } from './format-text';

it('fills in values, numbers as the language writes them, and chooses the form by count', () => {
  expect(formatText('{name} has {size} bytes', { name: '<b>', size: 12345 }, 'en')).toBe(
    '<b> has 12,345 bytes',
  );
  expect(formatText('{count} picture|{count} pictures', { count: 1 }, 'en')).toBe('1 picture');
  expect(formatText('{count} picture|{count} pictures', { count: 0 }, 'en')).toBe('0 pictures');
  expect(formatText('{count} 张图片', { count: 1 }, 'zh')).toBe('1 张图片');
  expect(formatText('{other}', {}, 'en')).toBe('{other}');
});
