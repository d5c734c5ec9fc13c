import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withFileLock } from './file-lock';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'crossmodal-lock-'));
  path = join(folder, 'locks/a.lock');
  await withFileLock(path, new AbortController().signal, async () => {}); // makes the folder
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const { signal } = new AbortController();
const leave = async (pid: number, host: string, secondsAgo: number) => {
  await writeFile(path, JSON.stringify({ id: 'x', pid, host }));
  const time = new Date(Date.now() - secondsAgo * 1000);
  await utimes(path, time, time);
};
const isTaken = async () => {
  const patience = AbortSignal.timeout(350);
  return withFileLock(path, patience, async () => {}).then(
    () => false,
    () => true,
  );
};

describe('withFileLock', () => {
  it('lets one in at a time, and the next when that fails', async () => {
    let inside = 0;
    let entered = 0;
    const task = async () => {
      expect(++inside).toBe(1);
      entered++;
      await new Promise((resolve) => setTimeout(resolve, 20));
      inside--;
      if (entered === 2) throw new Error('failed');
    };
    const all = await Promise.allSettled([1, 2, 3, 4].map(() => withFileLock(path, signal, task)));
    expect(all.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    expect(entered).toBe(4);
    expect(await readdir(join(folder, 'locks'))).toEqual([]);
  });

  it('takes over from the dead, and waits for the living', async () => {
    await leave(process.pid, hostname(), 20);
    expect(await isTaken()).toBe(true);
    await leave(process.pid, 'elsewhere', 20);
    expect(await isTaken()).toBe(true);
    await leave(2 ** 22 + 1, hostname(), 1); // no such process; but it was touched just now
    expect(await isTaken()).toBe(true);
    await leave(2 ** 22 + 1, hostname(), 20);
    expect(await isTaken()).toBe(false);
    await leave(process.pid, 'elsewhere', 100);
    expect(await isTaken()).toBe(false);
    await writeFile(path, '');
    expect(await isTaken()).toBe(true);
    expect(await readdir(join(folder, 'locks'))).toEqual(['a.lock']);
  });

  it('lets many take over one stale lock, one at a time', async () => {
    await leave(2 ** 22 + 1, hostname(), 20);
    let inside = 0;
    const task = async () => {
      expect(++inside).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 5));
      inside--;
    };
    await Promise.all(Array.from({ length: 8 }, () => withFileLock(path, signal, task)));
    expect(await readdir(join(folder, 'locks'))).toEqual([]);
  });
});
