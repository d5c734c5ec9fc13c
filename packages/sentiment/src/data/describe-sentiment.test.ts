import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { samples } from '@crossmodal/data';
import { afterAll, expect, it } from 'vitest';
import { csvSentiment } from './csv-sentiment';
import { describeSentiment } from './describe-sentiment';

const folder = mkdtempSync(join(tmpdir(), 'crossmodal-describe-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('describeSentiment counts classes, and leaves the stream where it was', async () => {
  writeFileSync(join(folder, 'a.jpg'), 'picture');
  const path = join(folder, 'a.csv');
  writeFileSync(
    path,
    'text,image,label\nyes,a.jpg,positive\nnot at all,,negative\nwell,a.jpg,2\nhm,a.jpg,none\noh,a.jpg,pos\n',
  );
  const stream = samples(csvSentiment(path, { imageColumn: 'image', missing: 'keep' }));
  const found = await describeSentiment(stream);
  expect(found).toMatchObject({ samples: 4, classes: [1, 0, 3], scores: undefined, repeatedKeys: 0 });
  expect(found.table).toBe(
    `
samples        4
negative       1 (25.0 %)
neutral        0 (0.0 %)
positive       3 (75.0 %)
characters     2 to 10, quartiles 2, 3, 4
without text   0 (0.0 %)
without image  1 (25.0 %)
repeated keys  0
left out       1 unknown label`.trimStart(),
  );
  for await (const { text } of stream) {
    expect(text).toBe('yes');
    break;
  }
  await expect(describeSentiment(stream, { limit: 0 })).rejects.toThrow(
    'describeSentiment: limit: expected an integer from 1, received 0.',
  );
});

it('shows how scores are spread', async () => {
  const scores = [-1, -0.9, 0, 0.5, 1, 1].map((label, i) => ({ key: `k${i % 5}`, text: 'x', label }));
  const found = await describeSentiment(scores);
  expect(found.scores!.histogram).toEqual([2, 0, 0, 0, 0, 1, 0, 1, 0, 2]);
  expect(found.skipped).toBeUndefined();
  expect(found.table.split('\n').slice(0, 4)).toEqual([
    'samples        6',
    'score          -1.00 to 1.00, mean 0.10',
    '  from -1.00   2 (33.3 %)',
    '  from -0.80   0 (0.0 %)',
  ]);
  expect(found.repeatedKeys).toBe(1);
  // The same few labels as classes and as scores.
  const whole = [0, 1, 2].map((label, i) => ({ key: String(i), text: 'x', label }));
  expect((await describeSentiment(whole)).classes).toEqual([1, 1, 1]);
  expect((await describeSentiment(whole, { scores: true })).scores!.mean).toBe(1);
  expect((await describeSentiment([])).table).toBe('samples        0\nrepeated keys  0');
});
