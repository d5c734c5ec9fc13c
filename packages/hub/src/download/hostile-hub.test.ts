import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HubServer, type ListingEntry } from '../../test/hub-server';
import type { SnapshotOptions } from './download-options';
import { downloadSnapshot } from './download-snapshot';

let server: HubServer;
let folder: string;
let cacheDir: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'crossmodal-hub-'));
  cacheDir = join(folder, 'cache');
  server = await HubServer.start({
    'org/name': {
      files: { 'config.json': '{"model_type":"clip"}', 'model.safetensors': new Uint8Array(5000) },
    },
  });
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const download = (options: SnapshotOptions = {}, repo = 'org/name') =>
  downloadSnapshot(repo, {
    cacheDir,
    endpoint: server.url,
    token: false,
    progress: false,
    network: { attempts: 3, delayMs: 1 },
    ...options,
  });
const stored = async () =>
  (await readdir(folder, { recursive: true })).filter((path) =>
    /snapshots.*\/.*\/|blobs\/|\.\.|evil/.test(path),
  );

describe('a hostile hub', () => {
  const edits: [string, Partial<Record<keyof ListingEntry, unknown>>, string][] = [
    ...[
      '../evil',
      'a/../../evil',
      '/evil',
      'C:/evil',
      'a\\..\\evil',
      'evil\0.json',
      'evil\n.json',
      'a//evil',
      './evil',
      'evil/',
      'evil.',
      'con',
      'a/NUL.json',
      'com1.txt',
      'evil:stream',
      '',
      'x'.repeat(2000),
      7,
    ].map((path): (typeof edits)[number] => [
      `names a file ${JSON.stringify(path).slice(0, 30)}`,
      { path },
      'leads out of the folder or is none on some system: refused.',
    ]),
    ['gives a size below 0', { size: -1 }, 'config.json: expected a size in bytes, received -1.'],
    ['gives a size in words', { size: '21' }, 'config.json: expected a size in bytes, received "21".'],
    ['gives a size with a fraction', { size: 1.5 }, 'expected a size in bytes, received 1.5.'],
    [
      'gives a hash with slashes',
      { oid: '../../evil' },
      'expected the hash of its content, received "../../evil".',
    ],
    ['gives no hash', { oid: undefined }, 'expected the hash of its content, received undefined.'],
    [
      'gives a long hash with slashes',
      { lfs: { oid: `../${'a'.repeat(61)}`, size: 21, pointerSize: 1 } },
      'expected the hash of its content',
    ],
  ];
  it.each(edits)('that %s', async (_, edit, message) => {
    server.editListing = (entries) => [{ ...entries[0], ...edit }];
    const error = await download().catch((e: Error) => e);
    expect(error).toMatchObject({ name: 'CheckpointError' });
    expect((error as Error).message).toContain('downloadSnapshot: org/name: ');
    expect((error as Error).message).toContain(message);
    expect((error as Error).message.length).toBeLessThan(500);
    expect(await stored()).toEqual([]);
    expect(server.requests.filter(({ url }) => url.includes('/resolve/'))).toEqual([]);
  });

  it('that lists a file twice', async () => {
    server.editListing = (entries) => [...entries, entries[0]];
    await expect(download()).rejects.toThrow('its listing has "config.json" twice, or has no end: refused.');
  });

  it.each(['../../evil', 'main', 'ABC', 7])('that gives %s for a commit', async (commit) => {
    server.editCommit = () => commit as string;
    await expect(download()).rejects.toThrow(
      `downloadSnapshot: org/name: expected the id of a commit for main, received ${JSON.stringify(commit)}.`,
    );
    expect(await stored()).toEqual([]);
  });

  it('that sends other content', async () => {
    server.fault = ({ host }) => (host === 'cdn' ? { body: new Uint8Array(5000).fill(1) } : undefined);
    await expect(download()).rejects.toThrow(
      /^downloadSnapshot: org\/name: model.safetensors: expected content with the hash [0-9a-f]{64}, received [0-9a-f]{64}: refused\.$/,
    );
    await rm(cacheDir, { recursive: true });
    server.fault = ({ url }) =>
      url.includes('/config.json') ? { body: Buffer.from('{"model_type":"evil"}') } : undefined;
    await expect(download({ patterns: ['*.json'] })).rejects.toThrow(
      /config.json: expected content with the hash [0-9a-f]{40}, received [0-9a-f]{40}: refused\.$/,
    );
    expect((await stored()).filter((path) => !path.endsWith('.incomplete'))).toEqual([]);
  });

  it('that has a file of another length', async () => {
    server.fault = ({ host }) => (host === 'cdn' ? { body: new Uint8Array(5001) } : undefined);
    await expect(download()).rejects.toThrow(
      'model.safetensors: expected 5000 bytes, the server has "5001": refused.',
    );
  });

  it('that sends without end', async () => {
    server.fault = ({ host }) =>
      host === 'cdn' ? { body: new Uint8Array(5_000_000), chunked: true } : undefined;
    await expect(download()).rejects.toThrow(
      'model.safetensors: expected 5000 bytes, received more: refused.',
    );
    expect(
      (await stored()).filter((path) => !/incomplete|config|snapshots|[0-9a-f]{40}$/.test(path)),
    ).toEqual([]);
  });

  it('that sends less, and says it is all', async () => {
    server.fault = ({ host, headers }) =>
      host === 'cdn'
        ? headers.range
          ? { status: 416 }
          : { body: new Uint8Array(50), chunked: true }
        : undefined;
    await expect(download()).rejects.toThrow(
      /model\.safetensors: the server (ended after 50 of 5000 bytes|gives no part)/,
    );
  });

  it('whose damage of an earlier download is noticed', async () => {
    server.fault = ({ host, headers }) =>
      host === 'cdn' && !headers.range ? { body: new Uint8Array(5000).fill(1), cutAfter: 1000 } : undefined;
    const attempt = download();
    // The first part is wrong, the rest right: all is fetched again, once.
    setTimeout(() => {
      const { fault } = server;
      let cut = false;
      server.fault = (request) => {
        const found = cut ? undefined : fault(request);
        cut ||= request.headers.range !== undefined;
        return found;
      };
    });
    await attempt;
    expect(server.requests.filter(({ host }) => host === 'cdn').map(({ headers }) => headers.range)).toEqual([
      undefined,
      'bytes=1000-',
      undefined,
    ]);
  });
});

describe('limits', () => {
  it('are seen to before anything is fetched', async () => {
    await expect(download({ maxBytes: 5000 })).rejects.toThrow(
      'downloadSnapshot: org/name: expected at most maxBytes = 5000 to fetch, it is 5021.',
    );
    server.editListing = (entries) =>
      entries.map((entry) => (entry.lfs ? { ...entry, lfs: { ...entry.lfs, size: 2 ** 52 } } : entry));
    await rm(cacheDir, { recursive: true });
    await expect(download()).rejects.toThrow(
      /: 4503599627370517 bytes are to be fetched, .* has room for \d+\.$/,
    );
    expect(server.requests.filter(({ url }) => url.includes('/resolve/'))).toEqual([]);
  });

  it.each([
    'org/na me',
    '../name',
    'a/b/c',
    'org/name.git',
    'org--name',
    '.org/name',
    '',
    'https://host/org/name',
  ])('refuses %s for a name', async (repo) => {
    await expect(download({}, repo)).rejects.toThrow(
      `downloadSnapshot: repo: expected a name such as "openai/clip-vit-base-patch32", received ${JSON.stringify(repo)}.`,
    );
  });

  it.each(['../main', 'a b', '-x', '', 'a\\b'])('refuses %s for a revision', async (revision) => {
    await expect(download({ revision })).rejects.toThrow(
      'downloadSnapshot: revision: expected a branch, tag or commit',
    );
  });

  it('refuses other options that cannot be', async () => {
    await expect(download({ concurrency: 0 })).rejects.toThrow(
      'concurrency: expected an integer of at least 1, received 0.',
    );
    await expect(download({ endpoint: 'file:///etc' })).rejects.toThrow(
      'endpoint: expected the address of a hub',
    );
    expect(server.requests).toEqual([]);
  });
});
