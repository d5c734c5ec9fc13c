import { closeSync, fstatSync, fsyncSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Logger } from '../train/training-event';

/**
 * Appends every event of a run to a file, one JSON object a line: `{ "time": ..., "type": "step", "step": 1, ... }`,
 * with `time` in ISO 8601. Numbers that are not finite become null.
 */
export function jsonLinesLogger(path: string): Logger {
  let file: number | undefined;
  return (event) => {
    file ??= openForLines(path);
    const { result, ...rest } = event as typeof event & { result?: object };
    writeSync(file, `${JSON.stringify({ time: new Date().toISOString(), ...rest, ...result })}\n`);
    if (event.type !== 'end') return;
    fsyncSync(file);
    closeSync(file);
    file = undefined;
  };
}

/** Opens for appending; a line that a killed process left unfinished is ended first. */
function openForLines(path: string): number {
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(path, 'a+');
  const { size } = fstatSync(file);
  const last = Buffer.alloc(1);
  if (size > 0 && readSync(file, last, 0, 1, size - 1) === 1 && last.toString() !== '\n')
    writeSync(file, '\n');
  return file;
}
