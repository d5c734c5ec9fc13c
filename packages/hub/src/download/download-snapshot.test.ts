import { randomBytes } from 'node:crypto';
import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { gitHash, HubServer, sha256 } from '../../test/hub-server';
import type { DownloadProgress, SnapshotOptions } from './download-options';
import { downloadSnapshot } from './download-snapshot';

const weights = randomBytes(300_000);
const CONFIG = '{"model_type":"clip"}';

let server: HubServer;
let cacheDir: string;
beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'crossmodal-hub-'));
  server = await HubServer.start({
    'org/name': {
      files: {
        'config.json': CONFIG,
        'model.safetensors': weights,
        'README.md': '# name',
        'onnx/model #1.onnx': randomBytes(1000),
        'onnx/again/config.json': CONFIG,
        empty: '',
      },
    },
  });
  for (const name of ['HF_HUB_OFFLINE', 'HF_TOKEN', 'HF_ENDPOINT', 'HF_HUB_CACHE', 'HF_HUB_DISABLE_SYMLINKS'])
    vi.stubEnv(name, undefined);
  vi.stubEnv('HF_HOME', join(cacheDir, 'home'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
  await rm(cacheDir, { recursive: true, force: true });
});

const patience = { attempts: 3, delayMs: 1, stallMs: 200 };
const download = (options: SnapshotOptions = {}, repo = 'org/name') =>
  downloadSnapshot(repo, { cacheDir, endpoint: server.url, progress: false, network: patience, ...options });
const files = async (folder: string) => (await readdir(folder, { recursive: true })).sort();
const repoFolder = () => join(cacheDir, 'models--org--name');
const partialPath = () => join(repoFolder(), 'blobs', `${sha256(weights)}.crossmodal.incomplete`);
const locks = async () => (await files(cacheDir)).filter((path) => path.endsWith('.lock'));

describe('downloadSnapshot', () => {
  it("lays the cache out as Python's huggingface_hub does", async () => {
    const commit = server.commitOf('org/name');
    const folder = await download();
    expect(folder).toBe(join(repoFolder(), 'snapshots', commit));
    expect(await files(folder)).toEqual([
      'README.md',
      'config.json',
      'empty',
      'model.safetensors',
      'onnx',
      'onnx/again',
      'onnx/again/config.json',
      'onnx/model #1.onnx',
    ]);
    expect(await readFile(join(folder, 'model.safetensors'))).toEqual(weights);
    expect(await readFile(join(folder, 'config.json'), 'utf8')).toBe(CONFIG);
    expect(await readlink(join(folder, 'model.safetensors'))).toBe(`../../blobs/${sha256(weights)}`);
    expect(await readlink(join(folder, 'onnx/again/config.json'))).toBe(
      `../../../../blobs/${gitHash(Buffer.from(CONFIG))}`,
    );
    expect(await readFile(join(repoFolder(), 'refs/main'), 'utf8')).toBe(commit);
    expect((await files(repoFolder())).filter((path) => /tmp|incomplete/.test(path))).toEqual([]);
    const tree = JSON.parse(await readFile(join(repoFolder(), `trees/${commit}.json`), 'utf8'));
    expect(tree.format_version).toBe(1);
    expect(tree.files['model.safetensors']).toMatchObject({
      size: 300_000,
      lfs_sha256: sha256(weights),
      lfs_size: 300_000,
    });
    expect(tree.files['config.json']).toEqual({ size: CONFIG.length, blob_id: gitHash(Buffer.from(CONFIG)) });
    // The same content twice is fetched once.
    expect(server.sent(/config\.json/)).toBe(CONFIG.length);
  });

  it.skipIf(process.platform === 'win32')(
    'leaves the cache as the Python library does, byte for byte',
    async () => {
      const golden = JSON.parse(
        await readFile(new URL('../../golden/cache_layout.json', import.meta.url), 'utf8'),
      );
      server.repos['org/name'] = golden;
      await download();
      const layout: Record<string, string> = {};
      for (const path of await files(repoFolder())) {
        const whole = join(repoFolder(), path);
        const entry = await lstat(whole);
        if (entry.isSymbolicLink()) layout[path] = `-> ${await readlink(whole)}`;
        else if (entry.isFile()) layout[path] = await readFile(whole, 'utf8');
      }
      expect(layout).toEqual(golden.layout);
    },
  );

  it('fetches only what fits the patterns, and only once', async () => {
    const folder = await download({ patterns: ['*.json', 'onnx/'], ignore: ['*/again/*'] });
    expect(await files(folder)).toEqual(['config.json', 'onnx', 'onnx/model #1.onnx']);
    const before = server.requests.length;
    expect(await download({ patterns: ['config.json'] })).toBe(folder);
    expect(server.requests.length).toBe(before + 1); // which commit main is
    const revision = server.commitOf('org/name');
    expect(await download({ patterns: ['config.json'], revision })).toBe(folder);
    expect(server.requests.length).toBe(before + 1);
    await expect(download({ patterns: ['*.jsn'] })).rejects.toThrow(
      'downloadSnapshot: org/name: no file fits the patterns. There are: README.md,',
    );
  });

  it('keeps revisions apart and shares their content', async () => {
    const first = await download();
    server.repos['org/name']!.files = { ...server.repos['org/name']!.files, 'config.json': '{}' };
    const sent = server.sent(/./);
    const second = await download({ revision: 'refs/pr/1' });
    expect(second).not.toBe(first);
    expect(await readFile(join(first, 'config.json'), 'utf8')).toBe(CONFIG);
    expect(await readFile(join(second, 'config.json'), 'utf8')).toBe('{}');
    expect(await readFile(join(second, 'model.safetensors'))).toEqual(weights);
    expect(await files(join(repoFolder(), 'refs'))).toEqual(['main', 'refs', 'refs/pr', 'refs/pr/1']);
    expect(server.sent(/resolve|file=/) - sent).toBe(2);
  });

  it('fetches data sets and spaces too', async () => {
    server.repos['datasets/org/pictures'] = { files: { 'data/train.csv': 'a,b' } };
    const folder = await download({ repoType: 'dataset' }, 'org/pictures');
    expect(folder).toContain('datasets--org--pictures');
    expect(await readFile(join(folder, 'data/train.csv'), 'utf8')).toBe('a,b');
  });

  it('moves files into the snapshot where there are no symbolic links', async () => {
    vi.stubEnv('HF_HUB_DISABLE_SYMLINKS', '1');
    const folder = await download();
    expect((await lstat(join(folder, 'model.safetensors'))).isFile()).toBe(true);
    expect(await readFile(join(folder, 'model.safetensors'))).toEqual(weights);
    expect(await files(join(repoFolder(), 'blobs'))).toEqual([]);
    const sent = server.sent(/file=/);
    await download();
    expect(server.sent(/file=/)).toBe(sent);
  });

  it('tells how far it is', async () => {
    const seen: DownloadProgress[] = [];
    await download({
      onProgress: (progress) => void seen.push(progress),
      patterns: ['*.safetensors', 'config.json'],
    });
    const total = weights.length + CONFIG.length;
    expect(seen.at(-1)).toMatchObject({ loaded: total, total, filesDone: 2, files: 2 });
    expect(seen.every(({ loaded }, i) => i === 0 || loaded >= seen[i - 1]!.loaded)).toBe(true);
    expect(seen.filter(({ file }) => file === 'model.safetensors').at(-1)).toMatchObject({
      fileLoaded: 300_000,
      fileTotal: 300_000,
    });
    seen.length = 0;
    await download({ onProgress: (progress) => void seen.push(progress), patterns: ['config.json'] });
    expect(seen).toEqual([]);
  });

  it('reads the variables that the Python library reads', async () => {
    vi.stubEnv('HF_ENDPOINT', `${server.url}/`);
    vi.stubEnv('HF_HUB_CACHE', join(cacheDir, 'own'));
    vi.stubEnv('HF_TOKEN', `${server.token}\n`);
    server.repos['org/name']!.private = true;
    const network = patience;
    const folder = await downloadSnapshot('org/name', {
      progress: false,
      network,
      patterns: ['config.json'],
    });
    expect(folder).toContain(join(cacheDir, 'own', 'models--org--name'));
    vi.stubEnv('HF_HUB_CACHE', undefined);
    vi.stubEnv('HF_TOKEN', undefined);
    await mkdir(join(cacheDir, 'home'), { recursive: true });
    await writeFile(join(cacheDir, 'home/token'), `${server.token}\n`);
    const other = await downloadSnapshot('org/name', { progress: false, network, patterns: ['config.json'] });
    expect(other).toContain(join(cacheDir, 'home/hub/models--org--name'));
    vi.stubEnv('HF_HOME', undefined);
    vi.stubEnv('XDG_CACHE_HOME', join(cacheDir, 'xdg'));
    await expect(downloadSnapshot('org/name', { offline: true, progress: false })).rejects.toThrow('offline');
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    await expect(downloadSnapshot('org/name', { progress: false })).rejects.toThrow('offline');
  });
});

describe('the token', () => {
  beforeEach(() => {
    server.repos['org/name']!.private = true;
  });

  it('is given to the hub and to no other host', async () => {
    await download({ token: server.token });
    const hub = server.requests.filter(({ host }) => host === 'hub');
    expect(hub.every(({ headers }) => headers.authorization === `Bearer ${server.token}`)).toBe(true);
    const cdn = server.requests.filter(({ host }) => host === 'cdn');
    expect(cdn.length).toBe(2);
    expect(cdn.every(({ headers }) => headers.authorization === undefined)).toBe(true);
  });

  it('is not sent to where the next page of a listing is said to be', async () => {
    const elsewhere = await HubServer.start({});
    const link = `<${elsewhere.url}/api/next>; rel="next"`;
    server.fault = ({ url }) =>
      url.includes('/tree/') ? { status: 200, headers: { link }, body: Buffer.from('[]') } : undefined;
    await expect(download({ token: server.token })).rejects.toMatchObject({ name: 'HubError' });
    expect(elsewhere.requests.map(({ url, headers }) => [url, headers.authorization])).toEqual([
      ['/api/next', undefined],
    ]);
    await elsewhere.close();
  });

  it('need not look like one of the public hub, but has to be one word, and is never shown', async () => {
    server.token = 'internal-token';
    await download({ token: 'internal-token' });
    const error = await download({ token: 'se cret' }).catch((e: Error) => e);
    expect(String(error)).toBe(
      'ConfigError: downloadSnapshot: org/name: token: expected letters and digits without spaces.',
    );
  });
});

describe('what the hub refuses', () => {
  it.each([
    [
      'a repository that is not there',
      () => download({}, 'org/other'),
      'not-found',
      'downloadSnapshot: org/other: there is no such repository, or it is private. Check the name at ',
    ],
    [
      'a private one',
      () => {
        server.repos['org/name']!.private = true;
        return download({ token: false });
      },
      'not-found',
      'a private one needs a token (HF_TOKEN).',
    ],
    [
      'a gated one',
      () => {
        server.repos['org/name']!.gated = true;
        return download({ token: server.token });
      },
      'gated',
      'access has to be granted first. Ask for it at ',
    ],
    [
      'a revision that is not there',
      () => download({ revision: 'v9' }),
      'not-found',
      'there is no such revision.',
    ],
    [
      'a bad token',
      () => {
        server.fault = () => ({ status: 401 });
        return download({ token: 'hf_old' });
      },
      'unauthorized',
      'the token is refused. Make a new one at ',
    ],
    [
      'a teapot',
      () => {
        server.fault = () => ({ status: 418 });
        return download();
      },
      'refused',
      'answers 418.',
    ],
  ])('%s', async (_, attempt, reason, message) => {
    const error = await attempt().catch((e: Error) => e);
    expect(error).toMatchObject({ name: 'HubError', reason });
    expect((error as Error).message).toContain(message);
    expect(await locks()).toEqual([]);
  });
});

describe('a bad connection', () => {
  it('goes on where it broke, and every byte is sent once', async () => {
    let cuts = 0;
    server.fault = ({ host, url }) =>
      host === 'cdn' && url.includes('model.safetensors') && cuts++ < 5 ? { cutAfter: 50_000 } : undefined;
    const folder = await download({ patterns: ['*.safetensors'] });
    expect(await readFile(join(folder, 'model.safetensors'))).toEqual(weights);
    expect(server.sent(/file=/)).toBe(weights.length);
    const ranges = server.requests.filter(({ host }) => host === 'cdn').map(({ headers }) => headers.range);
    expect(ranges).toEqual([undefined, ...[1, 2, 3, 4, 5].map((n) => `bytes=${n * 50_000}-`)]);
  });

  it('leaves what came for the next time', async () => {
    let first = true;
    server.fault = ({ host }) => {
      if (host !== 'cdn') return undefined;
      const cutAfter = first ? 120_000 : 0;
      first = false;
      return { cutAfter };
    };
    await expect(download({ patterns: ['*.safetensors'] })).rejects.toThrow(
      /org\/name: model\.safetensors: the connection to 127\.0\.0\.1:\d+ broke: /,
    );
    expect((await lstat(partialPath())).size).toBe(120_000);
    expect(await locks()).toEqual([]);
    server.fault = () => undefined;
    const folder = await download({ patterns: ['*.safetensors'] });
    expect(await readFile(join(folder, 'model.safetensors'))).toEqual(weights);
    expect(server.sent(/file=/)).toBe(weights.length);
  });

  it('stops when asked to, and goes on later', async () => {
    const stop = new AbortController();
    server.fault = ({ host }) => (host === 'cdn' ? { stallAfter: 100_000 } : undefined);
    const attempt = download({
      patterns: ['*.safetensors'],
      signal: stop.signal,
      network: { attempts: 3, stallMs: 10_000 },
      onProgress: ({ loaded }) => loaded === 100_000 && stop.abort(new Error('enough')),
    });
    await expect(attempt).rejects.toThrow('enough');
    expect((await lstat(partialPath())).size).toBe(100_000);
    expect(await locks()).toEqual([]);
    server.fault = () => undefined;
    await download({ patterns: ['*.safetensors'] });
    expect(server.sent(/file=/)).toBe(weights.length);
    await expect(download({ signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow('before');
  });

  it('gives up a connection on which nothing comes', async () => {
    let stalls = 0;
    server.fault = ({ host }) => (host === 'cdn' && stalls++ < 1 ? { stallAfter: 10 } : undefined);
    await download({ patterns: ['*.safetensors'] });
    expect(stalls).toBe(2);
  });

  it('waits for a hub that is down or asks for time', async () => {
    let answers = 0;
    server.fault = ({ url }) => {
      if (!url.includes('/revision/')) return undefined;
      answers++;
      return [{ status: 503 }, { status: 429, headers: { 'retry-after': '0' } }][answers - 1];
    };
    await download({ patterns: ['config.json'] });
    expect(answers).toBe(3);
    server.fault = () => ({ status: 502 });
    await expect(download({ revision: 'refs/pr/1' })).rejects.toThrow(/answers 502\. Try again later\./);
    // Minutes are not waited for.
    server.fault = () => ({ status: 429, headers: { 'retry-after': '4000' } });
    await expect(download({ revision: 'refs/pr/1' })).rejects.toThrow(/answers 429/);
  });

  it('starts again where a server sends the whole or no part at all', async () => {
    await mkdir(join(repoFolder(), 'blobs'), { recursive: true });
    await writeFile(partialPath(), weights.subarray(0, 1000));
    server.fault = () => ({ ignoreRange: true });
    const folder = await download({ patterns: ['*.safetensors'] });
    expect(await readFile(join(folder, 'model.safetensors'))).toEqual(weights);

    await rm(repoFolder(), { recursive: true });
    await mkdir(join(repoFolder(), 'blobs'), { recursive: true });
    await writeFile(partialPath(), weights.subarray(0, 1000));
    const range = { 'content-range': 'bytes 5-9/300000' };
    const answers = [{ status: 416 }, { status: 206, headers: range, body: weights.subarray(5, 10) }];
    server.fault = ({ headers }) => (headers.range ? answers.pop() : undefined);
    await download({ patterns: ['*.safetensors'] });
    expect(await readFile(join(folder, 'model.safetensors'))).toEqual(weights);
    expect(answers).toHaveLength(1);
  });

  it('uses what was fetched before when the hub cannot be reached', async () => {
    const folder = await download({ patterns: ['config.json'] });
    const endpoint = 'http://127.0.0.1:9'; // nobody listens
    const onWarning = vi.fn();
    expect(await download({ patterns: ['config.json'], endpoint, onWarning })).toBe(folder);
    expect(onWarning).toHaveBeenCalledExactlyOnceWith(
      expect.stringMatching(/127\.0\.0\.1:9 cannot be reached: .* What was fetched before is used, commit /),
    );
    await expect(download({ endpoint, onWarning })).rejects.toMatchObject({ reason: 'network' });
    expect(onWarning).toHaveBeenCalledTimes(1);
    // A new commit that cannot be fetched whole is not used, and the old one stays what main is.
    server.repos['org/name']!.files = { 'config.json': '{"new":1}' };
    server.fault = ({ url }) => (url.includes('/resolve/') ? { status: 500 } : undefined);
    expect(await download({ patterns: ['config.json'], onWarning })).toBe(folder);
    expect(onWarning).toHaveBeenCalledTimes(2);
  });
});

describe('offline', () => {
  it('uses the cache and asks nobody', async () => {
    const folder = await download({ patterns: ['*.json'] });
    const before = server.requests.length;
    expect(await download({ patterns: ['*.json'], offline: true })).toBe(folder);
    await expect(download({ patterns: ['*.json', '*.safetensors'], offline: true })).rejects.toThrow(
      'downloadSnapshot: org/name: offline, and the cache lacks model.safetensors. Go online once to fetch it.',
    );
    await expect(download({ offline: true, revision: 'v2' })).rejects.toThrow(
      'offline, and the cache has no revision v2.',
    );
    expect(server.requests.length).toBe(before);
  });

  it('trusts a snapshot without a listing, but for files asked for by name', async () => {
    const folder = await download({ patterns: ['*.json'] });
    await rm(join(repoFolder(), 'trees'), { recursive: true });
    expect(await download({ offline: true })).toBe(folder);
    await expect(download({ patterns: ['vocab.txt'], offline: true })).rejects.toThrow('lacks vocab.txt');
  });
});
