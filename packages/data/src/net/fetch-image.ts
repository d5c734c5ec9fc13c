import { lookup } from 'node:dns';
import { get as getHttp, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { ConfigError } from '@crossmodal/core';
import { messageOf, SkipSample } from '../skip-sample';
import { isPublicAddress } from './is-public-address';

export interface FetchRules {
  allowHosts: readonly string[];
  maxBytes: number;
  seconds: number;
  /** For tests, which have only loopback: what may be connected to. */
  isAllowedAddress?: (address: string) => boolean;
}

const MAX_REDIRECTS = 5;

/**
 * Downloads from an allowed host. Every redirect is checked like the first address, and each address as it is
 * connected to, so that a name which points into a private network, now or a moment later, reaches nothing there.
 *
 * @throws SkipSample when it is not allowed, fails, or takes too many bytes or too long.
 */
export async function fetchImage(address: string, rules: FetchRules): Promise<Uint8Array> {
  const signal = AbortSignal.timeout(Math.ceil(rules.seconds * 1000));
  let url = parse(address);
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    checkUrl(url, rules);
    const response = await request(url, rules, signal).catch((cause) => {
      throw cause instanceof SkipSample
        ? cause
        : failed(url, signal.aborted ? `no answer in ${rules.seconds} s` : messageOf(cause));
    });
    const { statusCode = 0, headers } = response;
    if (statusCode >= 300 && statusCode < 400 && headers.location !== undefined) {
      response.destroy();
      url = parse(headers.location, url);
      continue;
    }
    if (statusCode !== 200) {
      response.destroy();
      throw failed(url, `the server answered ${statusCode}`);
    }
    return body(response, url, rules, signal);
  }
  throw failed(url, `more than ${MAX_REDIRECTS} redirects`);
}

/** Fails on what is no host name, before any data are read. */
export function checkHosts(hosts: readonly string[], where: string): void {
  for (const host of hosts) {
    if (typeof host === 'string' && /^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?$/i.test(host)) continue;
    throw new ConfigError(
      `${where}: allowHosts: expected names like images.example.com or *.example.com, received ${JSON.stringify(host)}.`,
    );
  }
}

function parse(address: string, base?: URL): URL {
  try {
    return new URL(address, base);
  } catch {
    throw new SkipSample('damaged URL', `${JSON.stringify(address.slice(0, 200))} is no URL.`);
  }
}

function checkUrl(url: URL, { allowHosts, isAllowedAddress = isPublicAddress }: FetchRules): void {
  const refuse = (words: string): never => {
    throw new SkipSample('URL not allowed', `${short(url)}: ${words}.`);
  };
  if (url.protocol !== 'https:' && url.protocol !== 'http:') refuse('only http and https are fetched');
  if (url.username !== '' || url.password !== '') refuse('it holds a user name');
  const isAllowed = allowHosts.some((host) =>
    host.startsWith('*.') ? url.host.endsWith(host.slice(1).toLowerCase()) : url.host === host.toLowerCase(),
  );
  if (!isAllowed) refuse(`${url.host} is not among allowHosts`);
  const literal = url.hostname.replace(/^\[|\]$/g, ''); // the resolver is not asked for these
  if (isIP(literal) !== 0 && !isAllowedAddress(literal)) refuse('it is an address in a private network');
}

function request(url: URL, rules: FetchRules, signal: AbortSignal): Promise<IncomingMessage> {
  const get = url.protocol === 'https:' ? getHttps : getHttp;
  return new Promise((resolve, reject) => {
    const headers = { accept: 'image/*', 'accept-encoding': 'identity' };
    get(url, { headers, signal, lookup: checkedLookup(rules), agent: false }, resolve).on('error', reject);
  });
}

/** Resolves a name, and gives only addresses that may be connected to. */
function checkedLookup({ isAllowedAddress = isPublicAddress }: FetchRules): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '');
      const refused = addresses.find(({ address }) => !isAllowedAddress(address));
      if (refused || addresses.length === 0) {
        const words = `${hostname} is ${refused?.address}, an address in a private network.`;
        return callback(new SkipSample('URL not allowed', words), '');
      }
      if (options.all) callback(null, addresses);
      else callback(null, addresses[0]!.address, addresses[0]!.family);
    });
  };
}

async function body(
  response: IncomingMessage,
  url: URL,
  { maxBytes, seconds }: FetchRules,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const tooLarge = (length: number) => {
    response.destroy();
    return new SkipSample(
      'image too large',
      `${short(url)} has ${length} bytes or more; allowed are ${maxBytes}.`,
    );
  };
  const declared = Number(response.headers['content-length'] ?? 0);
  if (declared > maxBytes) throw tooLarge(declared);
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of response as AsyncIterable<Uint8Array>) {
      length += chunk.length;
      if (length > maxBytes) throw tooLarge(length);
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof SkipSample) throw cause;
    throw failed(url, signal.aborted ? `not whole after ${seconds} s` : messageOf(cause));
  }
  if (length === 0) throw new SkipSample('empty image', `${short(url)} has 0 bytes.`);
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function failed(url: URL, words: string): SkipSample {
  return new SkipSample('download failed', `${short(url)}: ${words}.`);
}

/** Without its query, which may hold a key. */
function short({ protocol, host, pathname }: URL): string {
  return `${protocol}//${host}${pathname}`.slice(0, 200);
}
