import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { checkHosts, type FetchRules, fetchImage } from './fetch-image';
import { isPublicAddress } from './is-public-address';

const routes: Record<string, RequestListener> = {
  '/ok': (_, response) => response.end('image bytes'),
  '/moved': (_, response) => response.writeHead(302, { location: '/ok' }).end(),
  '/loop': (_, response) => response.writeHead(302, { location: '/loop' }).end(),
  '/inside': (_, response) => response.writeHead(302, { location: 'http://169.254.169.254/latest' }).end(),
  '/other': (_, response) => response.writeHead(302, { location: 'http://elsewhere.test/x' }).end(),
  '/file': (_, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
  '/declared': (_, response) => response.writeHead(200, { 'content-length': 10 ** 9 }).write('x'),
  '/endless': (_, response) => {
    const more = () => {
      while (response.write(Buffer.alloc(2 ** 16)));
    };
    response.on('drain', more);
    more();
  },
  '/slow': (_, response) => response.write('x'),
  '/empty': (_, response) => response.end(),
};
let requests = 0;
const server = createServer((request, response) => {
  requests++;
  const route = routes[request.url!.replace(/\?.*/, '')];
  if (route) route(request, response);
  else response.writeHead(404).end();
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
const host = `localhost:${(server.address() as AddressInfo).port}`;
/** Loopback is let through here, or there would be no server to ask. */
const rules: FetchRules = {
  allowHosts: [host],
  maxBytes: 2 ** 20,
  seconds: 5,
  isAllowedAddress: (address) => address === '127.0.0.1' || address === '::1' || isPublicAddress(address),
};
const from = (path: string, change: Partial<FetchRules> = {}) =>
  fetchImage(`http://${host}${path}`, { ...rules, ...change }).catch((error: Error & { reason: string }) => {
    return `${error.reason}: ${error.message}`;
  });

describe('fetchImage', () => {
  it('downloads, over redirects', async () => {
    expect(Buffer.from((await from('/ok')) as Uint8Array).toString()).toBe('image bytes');
    expect(Buffer.from((await from('/moved')) as Uint8Array).toString()).toBe('image bytes');
  });

  it('asks no host that is not allowed', async () => {
    const before = requests;
    expect(await from('/ok', { allowHosts: [] })).toBe(
      `URL not allowed: http://${host}/ok: ${host} is not among allowHosts.`,
    );
    expect(await from('/ok', { allowHosts: ['localhost'] })).toMatch(/is not among allowHosts/); // another port
    expect(await from('/ok', { allowHosts: [`*.${host}`] })).toMatch(/is not among allowHosts/);
    expect(requests).toBe(before);
    expect(await from('/other')).toMatch(/^URL not allowed: .*elsewhere\.test is not among allowHosts/);
  });

  it('connects to nothing in a private network, by name or redirect', async () => {
    const before = requests;
    const { isAllowedAddress: _, ...strict } = rules;
    const refused = (url: string, allowHosts: string[]) =>
      fetchImage(url, { ...strict, allowHosts }).catch((error: Error & { reason: string }) => error.reason);
    // A name that resolves to loopback: what a hostile DNS record does.
    expect(await refused(`http://${host}/ok`, [host])).toBe('URL not allowed');
    const port = host.split(':')[1];
    for (const literal of [
      `127.0.0.1:${port}`,
      `[::1]:${port}`,
      `[::ffff:127.0.0.1]:${port}`,
      `2130706433:${port}`,
    ]) {
      const url = new URL(`http://${literal}/ok`);
      expect(await refused(url.href, [url.host])).toBe('URL not allowed');
    }
    expect(requests).toBe(before);
    expect(await from('/inside', { allowHosts: [host, '169.254.169.254'] })).toBe(
      'URL not allowed: http://169.254.169.254/latest: it is an address in a private network.',
    );
    expect(await from('/file')).toMatch(/^URL not allowed: .*only http and https are fetched/);
  });

  it('is bounded in size, time and redirects', async () => {
    expect(await from('/declared')).toMatch(
      /^image too large: .* has 1000000000 bytes or more; allowed are 1048576/,
    );
    expect(await from('/endless')).toMatch(/^image too large/);
    expect(await from('/slow', { seconds: 0.2 })).toBe(
      `download failed: http://${host}/slow: not whole after 0.2 s.`,
    );
    expect(await from('/loop')).toMatch(/^download failed: .*more than 5 redirects/);
    expect(await from('/empty')).toMatch(/^empty image/);
    expect(await from('/gone?key=secret')).toBe(
      `download failed: http://${host}/gone: the server answered 404.`,
    );
    expect(await fetchImage('http://', rules).catch((error) => error.reason)).toBe('damaged URL');
    const named = `http://user:word@${host}/ok`;
    expect(await fetchImage(named, rules).catch((error) => error.message)).toMatch(/it holds a user name/);
  });

  it('wants names of hosts', () => {
    expect(() =>
      checkHosts(['images.example.com', '*.example.org', 'example.org:8080'], 'csvPairs'),
    ).not.toThrow();
    for (const host of ['*', '*.', 'https://example.com', 'example.com/x', '']) {
      expect(() => checkHosts([host], 'csvPairs')).toThrow(
        `csvPairs: allowHosts: expected names like images.example.com or *.example.com, received ${JSON.stringify(host)}.`,
      );
    }
  });
});

it.each([
  ['8.8.8.8', true],
  ['172.15.0.1', true],
  ['172.16.0.1', false],
  ['172.31.255.255', false],
  ['172.32.0.1', true],
  ['10.1.2.3', false],
  ['127.8.8.8', false],
  ['169.254.169.254', false],
  ['192.168.1.1', false],
  ['100.64.0.1', false],
  ['100.128.0.1', true],
  ['0.0.0.0', false],
  ['224.0.0.1', false],
  ['255.255.255.255', false],
  ['2606:4700::1111', true],
  ['::', false],
  ['::1', false],
  ['::ffff:10.0.0.1', false],
  ['::ffff:8.8.8.8', false],
  ['fc00::1', false],
  ['fe80::1', false],
  ['fe80::1%eth0', false],
  ['64:ff9b::a00:1', false],
  ['2002:a00:1::', false],
  ['2001:db8::1', false],
  ['ff02::1', false],
  ['not an address', false],
])('%s is public: %s', (address, isPublic) => {
  expect(isPublicAddress(address)).toBe(isPublic);
});
