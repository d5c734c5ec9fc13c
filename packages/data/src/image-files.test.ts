import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ImageFilesOptions, imageFiles } from './image-files';

const folder = mkdtempSync(join(tmpdir(), 'image-files-'));
let server: Server;
let host: string;

beforeAll(async () => {
  mkdirSync(join(folder, 'in', 'more'), { recursive: true });
  for (const name of ['b.jpg', 'a.PNG', 'more/c.webp', 'notes.txt', '.hidden.png'])
    writeFileSync(join(folder, 'in', name), name);
  symlinkSync(folder, join(folder, 'in', 'loop'));
  server = createServer((_, response) => response.end('bytes'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

async function ids(inputs: string | string[], options?: ImageFilesOptions): Promise<string[]> {
  const found: string[] = [];
  for await (const { id } of imageFiles(inputs, options)) found.push(id);
  return found;
}

describe('imageFiles', () => {
  it('takes folders, patterns and files, each picture once', async () => {
    const inside = (name: string) => join(folder, 'in', name);
    expect(await ids(join(folder, 'in'))).toEqual(['a.PNG', 'b.jpg', 'more/c.webp'].map(inside));
    expect(await ids([inside('b.jpg'), join(folder, 'in/*.{png,jpg}')])).toEqual(
      ['b.jpg', 'a.PNG'].map(inside),
    );
    await expect(ids(join(folder, 'absent'))).rejects.toThrow('is not a file.');
    mkdirSync(join(folder, 'empty'));
    await expect(ids(join(folder, 'empty'))).rejects.toThrow('holds no pictures.');
  });

  it('fetches nothing unless told from where, and never from a private network', async () => {
    const address = `http://${host}/cat.png`;
    await expect(ids(address)).rejects.toThrow(
      `imageFiles: "${address}": addresses are off; allowHosts names the hosts that may be fetched from.`,
    );
    await expect(ids(address, { allowHosts: ['images.example.com'] })).rejects.toThrow(
      'is not among allowHosts',
    );
    await expect(ids(address, { allowHosts: [host] })).rejects.toThrow('an address in a private network');
    const skipped: string[] = [];
    const onSkip = ({ key, reason }: { key: string; reason: string }) => skipped.push(`${key} ${reason}`);
    expect(await ids([address, join(folder, 'in/b.jpg')], { allowHosts: [host], onSkip })).toHaveLength(1);
    expect(skipped).toEqual([`${address} URL not allowed`]);
    await expect(ids(address, { allowHosts: ['*'] })).rejects.toThrow(
      'imageFiles: allowHosts: expected names like',
    );
  });
});
