import { expect, it } from 'vitest';
import { LONGEST_CAPTION, readCaptions, tidyCaption } from './read-captions';

it('reads CSV as spreadsheets write it: quotes, line ends within, a header in any order', () => {
  const csv =
    '\ufeffid,caption,file\r\n1,"a cat, ""black""\nand small",a/cat.png\r\n\r\n2,=HYPERLINK("x"),dog.png\n3,no file';
  expect(readCaptions('x.csv', csv)).toEqual([
    { file: 'a/cat.png', caption: 'a cat, "black" and small' },
    { file: 'dog.png', caption: '=HYPERLINK("x")' },
  ]);
  expect(readCaptions('x.CSV', 'cat.png;a cat\ndog.png;a dog;more')).toEqual([
    { file: 'cat.png', caption: 'a cat' },
    { file: 'dog.png', caption: 'a dog' },
  ]);
  expect(readCaptions('x.csv', 'a.png,"never closed')).toEqual([{ file: 'a.png', caption: 'never closed' }]);
  expect(readCaptions('x.csv', '')).toEqual([]);
});

it('reads TSV and JSONL, and passes over what is no pair', () => {
  expect(readCaptions('x.tsv', 'file\tcaption\na.png\tone, two\nb.png\n')).toEqual([
    { file: 'a.png', caption: 'one, two' },
  ]);
  const lines =
    '{"file_name":"a.png","text":"a"}\nnot json\n{"file":1,"caption":"b"}\nnull\n{"image":"c.png","caption":"c"}';
  expect(readCaptions('x.jsonl', lines)).toEqual([
    { file: 'a.png', caption: 'a' },
    { file: 'c.png', caption: 'c' },
  ]);
});

it('keeps captions short and on one line', () => {
  expect(tidyCaption(' a\u0000\n\tb ')).toBe('a b');
  expect(tidyCaption('😀'.repeat(1_000_000))).toBe('😀'.repeat(LONGEST_CAPTION));
  const [pair] = readCaptions('x.csv', `a.png,"${'"",x'.repeat(200_000)}"`);
  expect(pair!.caption.length).toBe(LONGEST_CAPTION);
});
