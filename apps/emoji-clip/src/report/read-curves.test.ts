import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readCurves } from './read-curves';

describe('readCurves', () => {
  const folder = mkdtempSync(join(tmpdir(), 'curves-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('takes the last of steps done twice, and no unfinished line', async () => {
    const log = join(folder, 'log.jsonl');
    const lines = [
      { type: 'step', step: 1, loss: 5, seconds: 1 },
      { type: 'step', step: 2, loss: 4, seconds: 1 },
      { type: 'resume', step: 1 },
      { type: 'step', step: 2, loss: 3, seconds: 2 },
      { type: 'evaluation', step: 2, metrics: { imageToTextR1: 0.25 } },
    ];
    writeFileSync(log, `${lines.map((line) => JSON.stringify(line)).join('\n')}\n{"type":"st`);
    const { charts, seconds } = await readCurves(log);
    expect(seconds).toBe(3);
    expect(charts[0]!.curves[0]!.points).toEqual([
      [1, 5],
      [2, 3],
    ]);
    expect(charts[1]!.curves[0]!.points).toEqual([[2, 25]]);
    expect(charts[1]!.curves[1]!.points).toEqual([]);
  });
});
