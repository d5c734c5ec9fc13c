import { expect, it } from 'vitest';
import { CaptionFinder, captionOfName } from './find-captions';

it('finds captions by path, by name, without the ending, and beside the picture', () => {
  const finder = new CaptionFinder();
  finder.add([
    { file: 'a/cat.png', caption: 'a cat' },
    { file: 'b/cat.png', caption: 'another cat' },
    { file: '.\\Dogs\\Rex.JPG', caption: 'Rex' },
    { file: 'bird', caption: 'a bird' },
  ]);
  finder.addText('flowers/rose.txt', 'a\nrose');
  expect(finder.find('set/a/cat.png')).toBe('a cat');
  expect(finder.find('b/cat.png')).toBe('another cat');
  expect(finder.find('rex.jpg')).toBe('Rex');
  expect(finder.find('x/bird.webp')).toBe('a bird');
  expect(finder.find('flowers/rose.png')).toBe('a rose');
  expect(finder.find('blue_whale (2).png')).toBe('blue whale');
});

it('takes a name for a caption only where it says something', () => {
  expect(captionOfName('x/red_apple-02.png')).toBe('red apple');
  expect(captionOfName('红苹果.png')).toBe('红苹果');
  expect(captionOfName('<img src=x onerror=alert(1)>.png')).toBe('<img src=x onerror=alert(1)>');
  for (const name of [
    'IMG_1234.jpg',
    'DSC00012.JPG',
    'PXL_20240101_120000.jpg',
    '1234.png',
    'Screenshot 2024-01-01 12.00.00.png',
    '9f86d081-884c-7d65.png',
  ])
    expect(captionOfName(name), name).toBe('');
});
