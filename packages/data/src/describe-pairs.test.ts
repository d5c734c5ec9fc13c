import { join } from 'node:path';
import type { Tokenizer } from '@crossmodal/processing';
import { expect, it } from 'vitest';
import { describePairs } from './describe-pairs';
import { samples } from './samples';
import { webDataset } from './sources/web-dataset';
import { collect, png, temporaryFolder, writeTar } from './testing/fixtures';

const tokenizer = { encode: (text: string) => text.split(' ').map(() => 1) } as unknown as Tokenizer;

it('describePairs counts what is there, and leaves the stream where it was', async () => {
  const path = await writeTar(join(temporaryFolder(), 'a.tar'), [
    ['a.png', png(2, 9, [1, 1, 1])],
    ['a.txt', 'one'],
    ['b.png', png(4, 3, [1, 1, 1])],
    ['b.json', '{"caption": ["a longer text", "two"]}'],
    ['c.txt', 'no picture'],
    ['d.jpg', 'not decodable'],
    ['d.txt', 'four'],
    ['a.png', png(2, 9, [1, 1, 1])],
    ['a.txt', 'one again'],
  ]);
  const stream = samples(webDataset(path));
  const found = await describePairs(stream);
  expect(found).toMatchObject({
    samples: 4,
    texts: 5,
    textLength: { min: 3, median: 4, max: 13 },
    width: { min: 2, median: 2, max: 4 },
    height: { min: 3, median: 9, max: 9 },
    formats: { png: 3, unknown: 1 },
    repeatedKeys: 1,
    repeatedImages: 1,
    skipped: { read: 5, skipped: 1 },
  });
  expect(found.bytes.min).toBe(13);
  expect(await collect(stream, 1)).toMatchObject([{ key: 'a', texts: ['one'] }]);
  const next = await describePairs(stream, { limit: 2, tokenizer });
  expect(next).toMatchObject({ samples: 2, textLength: { min: 1, median: 1, max: 3 } });
  expect(found.table).toBe(
    `
samples          4
texts            5
characters       3 to 13, median 4
formats          3 png, 1 unknown
width            2 to 4, median 2
height           3 to 9, median 9
bytes            13 to ${found.bytes.max}, median ${found.bytes.median}
repeated keys    1
repeated images  1
left out         1 no image`.trimStart(),
  );
  await expect(describePairs(stream, { limit: 0 })).rejects.toThrow(
    'describePairs: limit: expected an integer from 1, received 0.',
  );
});
