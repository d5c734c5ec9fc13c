import { expect, it } from 'vitest';
import { mapAhead } from './map-ahead';

it('keeps the order, and has only a few under way', async () => {
  let running = 0;
  let most = 0;
  const results: number[] = [];
  const work = async (item: number) => {
    running++;
    most = Math.max(most, running);
    await new Promise((resolve) => setTimeout(resolve, item % 3));
    running--;
    return 2 * item;
  };
  const items = Array.from({ length: 20 }, (_, i) => i);
  for await (const result of mapAhead(items, 3, work)) results.push(result);
  expect(results).toEqual(items.map((item) => 2 * item));
  expect(most).toBe(3);
});

it('tells of an error when its turn comes', async () => {
  const seen: number[] = [];
  const all = async () => {
    for await (const item of mapAhead([1, 2, 3, 4], 4, async (item) => {
      if (item === 3) throw new Error('no');
      return item;
    }))
      seen.push(item);
  };
  await expect(all()).rejects.toThrow('no');
  expect(seen).toEqual([1, 2]);
});
