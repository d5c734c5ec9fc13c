import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HubServer } from '../../test/hub-server';

const weights = randomBytes(200_000);

let server: HubServer;
let cacheDir: string;
beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'crossmodal-hub-'));
  server = await HubServer.start({
    'org/name': { files: { 'config.json': '{}', 'model.safetensors': weights } },
  });
});
afterEach(async () => {
  await server.close();
  await rm(cacheDir, { recursive: true, force: true });
});

function start(): { process: ChildProcess; folder: Promise<string> } {
  const program = fileURLToPath(new URL('../../test/download-process.ts', import.meta.url));
  const args = ['--conditions=crossmodal-source', '--import', 'tsx', program, server.url, cacheDir];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout!.on('data', (text) => {
    output += text;
  });
  const folder = new Promise<string>((resolve, reject) => {
    child.on('exit', (code) => (code === 0 ? resolve(output.trim()) : reject(new Error(`exit ${code}`))));
  });
  return { process: child, folder };
}

const lockFiles = async () =>
  (await readdir(cacheDir, { recursive: true }).catch(() => [])).filter((path) => path.endsWith('.lock'));
const until = async (condition: () => Promise<boolean> | boolean) => {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
};

describe('two processes', () => {
  it('that want the same fetch it once', async () => {
    server.fault = ({ host }) => (host === 'cdn' ? { delayMs: 1500 } : undefined); // the second comes meanwhile
    const [first, second] = await Promise.all([start().folder, start().folder]);
    expect(first).toBe(second);
    expect(await readFile(join(first, 'model.safetensors'))).toEqual(weights);
    expect(server.requests.filter(({ host }) => host === 'cdn')).toHaveLength(1);
    expect(server.sent(/config\.json/)).toBe(2);
    expect(await lockFiles()).toEqual([]);
  });

  it('of which one is killed: the other goes on where it was', async () => {
    server.fault = ({ host }) => (host === 'cdn' ? { stallAfter: 150_000 } : undefined);
    const killed = start();
    const failed = expect(killed.folder).rejects.toThrow('exit null');
    const partial = async () =>
      (await readdir(cacheDir, { recursive: true })).find((path) => path.endsWith('.incomplete'));
    await until(async () => server.sent(/file=/) === 150_000 && (await partial()) !== undefined);
    await until(async () => (await readFile(join(cacheDir, (await partial())!))).byteLength === 150_000);
    await until(async () => (await lockFiles()).length === 1); // the other file is done
    killed.process.kill('SIGKILL');
    await failed;
    const locks = await lockFiles();
    const lock = join(cacheDir, locks[0]!);
    expect(JSON.parse(await readFile(lock, 'utf8'))).toMatchObject({ pid: killed.process.pid });
    const old = new Date(Date.now() - 10_000); // as if the user had waited
    await utimes(lock, old, old);
    server.fault = () => undefined;
    const folder = await start().folder;
    expect(await readFile(join(folder, 'model.safetensors'))).toEqual(weights);
    expect(server.sent(/file=/)).toBe(weights.length);
    expect(await lockFiles()).toEqual([]);
  });
});
