import { listFiles, modelInfo } from '@huggingface/hub';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { HubServer } from '../../test/hub-server';
import { HubClient } from './hub-client';
import { PATIENCE } from './retry';

let server: HubServer;
beforeEach(async () => {
  const files = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`a/${i}.json`, `{"i":${i}}`]));
  server = await HubServer.start({ 'org/name': { files: { ...files, 'b/model.safetensors': 'weights' } } });
});
afterEach(() => server.close());

const client = (endpoint = server.url) =>
  new HubClient({
    repo: 'org/name',
    repoType: 'model',
    endpoint,
    token: undefined,
    network: { ...PATIENCE, attempts: 1 },
    signal: undefined,
    where: 'test',
  });

it('finds what the official client finds', async () => {
  const info = await modelInfo({
    name: 'org/name',
    hubUrl: server.url,
    revision: 'main',
    additionalFields: ['sha'],
  });
  const commit = await client().resolveCommit('main');
  expect(commit).toBe(info.sha);
  const theirs = [];
  const asked = { repo: 'org/name', hubUrl: server.url, revision: commit, recursive: true };
  for await (const { type, path, size, oid, lfs } of listFiles(asked))
    if (type === 'file') theirs.push({ path, size, oid, ...(lfs && { sha256: lfs.oid }) });
  expect(theirs).toHaveLength(11);
  expect(await client().listFiles(commit)).toEqual(theirs);
});

it('says what is no answer of a hub', async () => {
  const body = (text: string) => () => ({ status: 200, body: Buffer.from(text) });
  server.fault = body('<html>');
  await expect(client().resolveCommit('main')).rejects.toThrow(
    'test: the answer is not JSON. Is the endpoint a hub?',
  );
  server.fault = body('{}');
  await expect(client().listFiles('0'.repeat(40))).rejects.toThrow('test: expected a list of its files.');
  server.fault = body('null');
  await expect(client().resolveCommit('main')).rejects.toThrow(
    'expected the id of a commit for main, received',
  );
  server.fault = body('[null, 7, {"type":"file","path":"a"}]');
  expect(await client().listFiles('0'.repeat(40))).toMatchObject([{ path: 'a' }]);
  server.fault = () => ({ status: 204 });
  await expect(client().resolveCommit('main')).rejects.toThrow('is not JSON');
});

it('writes addresses that servers understand', () => {
  expect(client('https://mirror.example/hf/').fileUrl('abc', 'a b/c#d?e%.json')).toBe(
    'https://mirror.example/hf/org/name/resolve/abc/a%20b/c%23d%3Fe%25.json',
  );
});
