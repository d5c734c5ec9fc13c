import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Logger, TrainingEvent } from '../train/training-event';
import { jsonLinesLogger } from './json-lines-logger';
import { encodeScalarsEvent } from './tensorboard-event';
import { tensorBoardLogger } from './tensorboard-logger';
import { crc32c, encodeTfRecord } from './tf-record';

const result = {
  loss: 0.5,
  metrics: { accuracy: 0.75 },
  learningRate: 1e-3,
  gradientNorm: 2,
  items: 8,
  seconds: 0.5,
};
const events: TrainingEvent[] = [
  { type: 'start', step: 0, totalSteps: 300 },
  { type: 'step', step: 300, epoch: 1, result },
  { type: 'skip', step: 301, reason: 'the loss is NaN', inARow: 1 },
  { type: 'evaluation', step: 301, metrics: { recall: 0.25 } },
  { type: 'end', step: 301, reason: 'finished' },
];
const send = (logger: Logger) => {
  for (const event of events) logger(event);
};

describe('file loggers', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'crossmodal-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('JSON lines: one event a line, appended after what a killed process left', async () => {
    const path = join(folder, 'runs', 'log.jsonl');
    const logger = jsonLinesLogger(path);
    send(logger);
    await writeFile(path, '{"half":', { flag: 'a' });
    send(logger);
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    expect(lines).toHaveLength(2 * events.length + 1);
    const { time, ...step } = JSON.parse(lines[1]!);
    expect(Math.abs(Date.now() - Date.parse(time))).toBeLessThan(60_000);
    expect(step).toEqual({ type: 'step', step: 300, epoch: 1, ...result });
    expect(JSON.parse(lines[6]!)).toMatchObject({ type: 'start' });
  });

  it('TensorBoard: one file a run, with the records of its scalars', async () => {
    const logger = tensorBoardLogger(join(folder, 'tb'));
    send(logger);
    send(logger);
    const files = await readdir(join(folder, 'tb'));
    expect(files).toHaveLength(2);
    expect(files[0]).toMatch(/^events\.out\.tfevents\.\d{10}\./);
    const bytes = await readFile(join(folder, 'tb', files[0]!));
    expect(bytes.includes('brain.Event:2')).toBe(true);
    const tags = ['loss', 'accuracy', 'learning_rate', 'gradient_norm', 'items_per_second', 'skipped'];
    for (const tag of tags) expect(bytes.includes(`train/${tag}`)).toBe(true);
    expect(bytes.includes('evaluation/recall')).toBe(true);
  });
});

describe('the format of TensorBoard', () => {
  it('has the checksum of RFC 3720, B.4', () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
  });

  it('equals a file that TensorBoard wrote', async () => {
    const url = new URL('../../golden/tensorboard_scalars.json', import.meta.url);
    const golden = JSON.parse(await readFile(url, 'utf8'));
    const record = encodeTfRecord(
      encodeScalarsEvent(1234.5, 2 ** 40 + 300, { 'train/loss': 0.1, 'train/名': -2.5 }),
    );
    expect(Buffer.from(record).toString('hex')).toBe(golden.record);
  });
});
