import { closeSync, fsyncSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Logger } from '../train/training-event';
import { encodeScalarsEvent, encodeVersionEvent } from './tensorboard-event';
import { encodeTfRecord } from './tf-record';

let files = 0;

/**
 * Writes a run's figures for TensorBoard (`tensorboard --logdir <folder>`): `train/loss`, `train/<metric>`,
 * `train/learning_rate`, `train/gradient_norm`, `train/items_per_second`, `evaluation/<metric>` and `train/skipped`.
 */
export function tensorBoardLogger(folder: string): Logger {
  let file: number | undefined;
  const write = (event: Uint8Array) => {
    file ??= openEventFile(folder);
    writeSync(file, encodeTfRecord(event));
  };
  return (event) => {
    const scalars: Record<string, number> = {};
    if (event.type === 'step') {
      const { loss, learningRate, gradientNorm, items, seconds, metrics } = event.result;
      Object.assign(scalars, prefixed('train/', { loss, ...metrics }), {
        'train/learning_rate': learningRate,
        'train/gradient_norm': gradientNorm,
        'train/items_per_second': items / seconds,
      });
    } else if (event.type === 'evaluation') Object.assign(scalars, prefixed('evaluation/', event.metrics));
    else if (event.type === 'skip') scalars['train/skipped'] = event.inARow;
    if (Object.keys(scalars).length > 0) write(encodeScalarsEvent(Date.now() / 1000, event.step, scalars));
    if (event.type !== 'end' || file === undefined) return;
    fsyncSync(file);
    closeSync(file);
    file = undefined;
  };
}

function openEventFile(folder: string): number {
  mkdirSync(folder, { recursive: true });
  const seconds = Date.now() / 1000;
  const name = `events.out.tfevents.${Math.floor(seconds)}.${hostname()}.${process.pid}.${files++}`;
  const file = openSync(join(folder, name), 'wx');
  writeSync(file, encodeTfRecord(encodeVersionEvent(seconds)));
  return file;
}

function prefixed(prefix: string, metrics: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [prefix + name, value]));
}
