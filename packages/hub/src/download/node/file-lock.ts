import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { pause } from '../retry';

const LOOK_EVERY_MS = 100;
const HEARTBEAT_MS = 2000;
/** A lock that its holder has not touched for so long is nobody's any more. */
const STALE_MS = 60_000;
/** The same where the holder's process is seen to be gone. */
const ORPHANED_MS = 3 * HEARTBEAT_MS;

/**
 * Runs `task` while this process alone holds a lock file. It says who holds it, is touched meanwhile, and is taken over
 * when its holder is gone.
 */
export async function withFileLock(
  path: string,
  signal: AbortSignal,
  task: () => Promise<void>,
): Promise<void> {
  const mine = JSON.stringify({ id: randomUUID(), pid: process.pid, host: hostname(), since: new Date() });
  await mkdir(dirname(path), { recursive: true });
  while (!(await create(path, mine))) {
    await removeStale(path);
    await pause(LOOK_EVERY_MS, signal);
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {}); // without it the lock may be taken over, which costs a second transfer
  }, HEARTBEAT_MS);
  heartbeat.unref();
  try {
    await task();
  } finally {
    clearInterval(heartbeat);
    if ((await content(path)) === mine) await rm(path, { force: true });
  }
}

async function create(path: string, text: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    try {
      await file.writeFile(text);
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' || (code === 'EPERM' && process.platform === 'win32')) return false;
    throw error;
  }
}

async function removeStale(path: string): Promise<void> {
  const text = await content(path);
  const age = await stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => 0, // released meanwhile
  );
  if (text === undefined || age < (isGone(text) ? ORPHANED_MS : STALE_MS)) return;
  // Two that wait may both come here; the second would remove the lock that the first has made since.
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch {
    return; // another was quicker
  }
  if ((await content(aside)) === text) await rm(aside, { force: true });
  else await rename(aside, path);
}

function content(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}

/** Whether the process that a lock names ran on this machine and runs no more. */
function isGone(text: string): boolean {
  try {
    const { pid, host } = JSON.parse(text) as { pid: number; host: string };
    if (host !== hostname()) return false;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
