import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A repository as tests describe it; a change of its files is a new commit. */
export interface ServedRepo {
  files: Record<string, Uint8Array | string>;
  /** Which files are large ones. Default: weights. */
  lfs?: RegExp;
  /** The commit it is at, where that matters. */
  commit?: string;
  /** Whether only the holder of the token may see it. */
  private?: boolean;
  /** Whether access has to be asked for, token or not. */
  gated?: boolean;
}

/** What goes wrong with a request. */
export interface Fault {
  status?: number;
  headers?: Record<string, string>;
  /** Breaks the connection after so many bytes of the body. */
  cutAfter?: number;
  /** Sends this instead, whole. */
  body?: Uint8Array;
  /** Sends everything though a part was asked for. */
  ignoreRange?: boolean;
  /** Says no length. */
  chunked?: boolean;
  /** Sends so many bytes, then nothing more. */
  stallAfter?: number;
  /** Pause before the answer. */
  delayMs?: number;
}

export interface SeenRequest {
  /** Which of the two hosts. */
  host: 'hub' | 'cdn';
  method: string;
  /** Path and query. */
  url: string;
  headers: IncomingMessage['headers'];
  /** Bytes of the body that were sent. */
  sent: number;
}

const LFS = /\.(safetensors|bin|msgpack|onnx|h5)$/;
const EXPOSED = 'X-Repo-Commit, X-Error-Code, ETag, Link, Content-Range, X-Linked-Etag, X-Linked-Size';

/**
 * A hub on this machine: repositories by name (`datasets/org/name` for a data set), with the API that clients use and
 * a second host that holds the large files, as the public one has it. Close it after use.
 */
export class HubServer {
  /** The address of the hub. */
  readonly url: string;
  readonly repos: Record<string, ServedRepo>;
  readonly requests: SeenRequest[] = [];
  /** What a user has to send to see what is private. */
  token = 'hf_secret';
  /** Entries of a listing at a time. */
  pageSize = 3;
  /** Asked for every request. */
  fault: (request: SeenRequest) => Fault | undefined = () => undefined;
  /** Changes a listing on its way. */
  editListing: (entries: ListingEntry[]) => unknown[] = (entries) => entries;
  /** Changes what is said of a commit. */
  editCommit: (commit: string) => string = (commit) => commit;

  private readonly servers: [Server, Server];
  private readonly commits = new Map<string, { repo: string; files: ServedRepo['files'] }>();

  static async start(repos: Record<string, ServedRepo>): Promise<HubServer> {
    const servers: [Server, Server] = [createServer(), createServer()];
    await Promise.all(
      servers.map((server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))),
    );
    return new HubServer(repos, servers);
  }

  private constructor(repos: Record<string, ServedRepo>, servers: [Server, Server]) {
    this.repos = repos;
    this.servers = servers;
    this.url = address(servers[0]);
    const [hub, cdn] = servers;
    hub.on('request', (request, response) => this.handle('hub', request, response));
    cdn.on('request', (request, response) => this.handle('cdn', request, response));
  }

  async close(): Promise<void> {
    for (const server of this.servers) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  /** The commit that a repository is at. */
  commitOf(repo: string): string {
    const { files, commit: given } = this.repos[repo]!;
    const commit = createHash('sha1').update(repo);
    for (const [path, content] of Object.entries(files)) commit.update(`\n${path} `).update(content);
    const id = given ?? commit.digest('hex');
    if (!this.commits.has(id)) this.commits.set(id, { repo, files: { ...files } });
    return id;
  }

  /** Bytes of file contents sent, for those whose address matches. */
  sent(url: RegExp): number {
    const matching = this.requests.filter((request) => request.method === 'GET' && url.test(request.url));
    return matching.reduce((sum, request) => sum + request.sent, 0);
  }

  private async handle(host: SeenRequest['host'], request: IncomingMessage, response: ServerResponse) {
    const { method = 'GET', url = '/', headers } = request;
    const seen: SeenRequest = { host, method, url, headers, sent: 0 };
    this.requests.push(seen);
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('access-control-expose-headers', EXPOSED);
    response.on('error', () => {}); // the other side has gone
    if (method === 'OPTIONS') {
      response.setHeader('access-control-allow-headers', 'authorization, range');
      return response.end();
    }
    const fault = this.fault(seen) ?? {};
    if (fault.delayMs) await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
    if (fault.status !== undefined) return answer(response, fault.status, fault.headers, fault.body);
    const { pathname, searchParams } = new URL(url, this.url);
    if (host === 'cdn') return this.sendLarge(pathname, seen, response, fault);

    const api = /^\/api\/(models|datasets|spaces)\/(.+?)\/(revision|tree)\/([^/]+)$/.exec(pathname);
    const file = /^\/(.+?)\/resolve\/([^/]+)\/(.+)$/.exec(pathname);
    if (!api && !file) return answer(response, 404);
    const prefix = api?.[1] === undefined || api[1] === 'models' ? '' : `${api[1]}/`;
    const name = prefix + (api?.[2] ?? file![1]!);
    const repo = this.repos[name];
    const known = headers.authorization === `Bearer ${this.token}`;
    if (repo === undefined || (repo.private && !known))
      return answer(response, 401, { 'x-error-code': 'RepoNotFound' });
    if (repo.gated && file) return answer(response, 403, { 'x-error-code': 'GatedRepo' });
    const revision = decodeURIComponent(api?.[4] ?? file![2]!);
    const head = this.commitOf(name);
    const commit = ['main', 'HEAD', 'refs/pr/1'].includes(revision) ? head : revision;
    const at = this.commits.get(commit);
    if (at?.repo !== name) return answer(response, 404, { 'x-error-code': 'RevisionNotFound' });
    if (api?.[3] === 'revision') {
      const siblings = Object.keys(at.files).map((rfilename) => ({ rfilename }));
      const info = { _id: commit.slice(0, 24), id: name, sha: this.editCommit(commit), siblings, tags: [] };
      return sendJson(response, { ...info, private: false, gated: false, downloads: 0, likes: 0 });
    }
    if (api) return this.sendListing(repo, at.files, searchParams, pathname, response);

    const path = decodeURIComponent(file![3]!);
    const content = Object.hasOwn(at.files, path) ? bytesOf(at.files[path]!) : undefined;
    response.setHeader('x-repo-commit', commit);
    if (content === undefined) return answer(response, 404, { 'x-error-code': 'EntryNotFound' });
    if (!(repo.lfs ?? LFS).test(path)) {
      response.setHeader('etag', `"${gitHash(content)}"`);
      return send(content, seen, response, fault);
    }
    const hash = sha256(content);
    return answer(response, 302, {
      location: `${address(this.servers[1])}/${commit}/${hash}?file=${encodeURIComponent(path)}`,
      etag: `W/"${hash.slice(0, 32)}"`,
      'x-linked-etag': `"${hash}"`,
      'x-linked-size': String(content.byteLength),
    });
  }

  private sendListing(
    repo: ServedRepo,
    files: ServedRepo['files'],
    query: URLSearchParams,
    pathname: string,
    response: ServerResponse,
  ) {
    const folders = new Set(
      Object.keys(files).flatMap((path) =>
        path
          .split('/')
          .slice(0, -1)
          .map((_, i, parts) => parts.slice(0, i + 1).join('/')),
      ),
    );
    const entries: ListingEntry[] = [...folders].map((path) => ({
      type: 'directory',
      path,
      size: 0,
      oid: gitHash(bytesOf(path)),
    }));
    for (const [path, text] of Object.entries(files)) {
      const content = bytesOf(text);
      const large = (repo.lfs ?? LFS).test(path);
      const lfs = { oid: sha256(content), size: content.byteLength, pointerSize: 134 };
      const oid = gitHash(large ? pointer(content) : content);
      entries.push({ type: 'file', path, size: content.byteLength, oid, ...(large && { lfs }) });
    }
    const edited = this.editListing(entries);
    const from = Number(query.get('cursor') ?? 0);
    if (from + this.pageSize < edited.length) {
      query.set('cursor', String(from + this.pageSize));
      response.setHeader('link', `<${this.url}${pathname}?${query}>; rel="next"`);
    }
    return sendJson(response, edited.slice(from, from + this.pageSize));
  }

  private sendLarge(pathname: string, seen: SeenRequest, response: ServerResponse, fault: Fault) {
    const [, commit, hash] = pathname.split('/');
    const contents = Object.values(this.commits.get(commit!)?.files ?? {}).map(bytesOf);
    const content = contents.find((bytes) => sha256(bytes) === hash);
    if (content === undefined) return answer(response, 404);
    response.setHeader('etag', `"${hash!.slice(0, 32)}"`);
    return send(content, seen, response, fault);
  }
}

export interface ListingEntry {
  type: 'file' | 'directory';
  path: string;
  size: number;
  oid: string;
  lfs?: { oid: string; size: number; pointerSize: number };
}

/** SHA-1 of content as git knows it. */
export function gitHash(content: Uint8Array): string {
  return createHash('sha1').update(`blob ${content.byteLength}\0`).update(content).digest('hex');
}

export function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Sends content, or the part that was asked for. */
function send(content: Uint8Array, seen: SeenRequest, response: ServerResponse, fault: Fault): unknown {
  let body = fault.body ?? content;
  const total = body.byteLength;
  const range = fault.ignoreRange ? null : /^bytes=(\d+)-$/.exec(String(seen.headers.range ?? ''));
  if (range && Number(range[1]) >= total)
    return answer(response, 416, { 'content-range': `bytes */${total}` });
  if (range) {
    body = body.subarray(Number(range[1]));
    response.statusCode = 206;
    response.setHeader('content-range', `bytes ${range[1]}-${total - 1}/${total}`);
  }
  response.setHeader('accept-ranges', 'bytes');
  if (!fault.chunked) response.setHeader('content-length', body.byteLength);
  if (seen.method === 'HEAD') return response.end();
  const end = fault.cutAfter ?? fault.stallAfter;
  if (end === undefined) {
    seen.sent += body.byteLength;
    if (fault.chunked) response.flushHeaders();
    return response.end(body);
  }
  const part = body.subarray(0, end);
  seen.sent += part.byteLength;
  response.flushHeaders();
  response.write(part, () => {
    // Time for what was written to arrive before the connection breaks.
    if (fault.cutAfter !== undefined) setTimeout(() => response.destroy(), 20);
  });
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.end(JSON.stringify(value));
}

function answer(
  response: ServerResponse,
  status: number,
  headers: Record<string, string> = {},
  body?: Uint8Array,
): void {
  response.writeHead(status, headers);
  response.end(body);
}

function bytesOf(content: Uint8Array | string): Uint8Array {
  return typeof content === 'string' ? new TextEncoder().encode(content) : content;
}

/** What git itself keeps of a large file. */
function pointer(content: Uint8Array): Uint8Array {
  const text = `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256(content)}\nsize ${content.byteLength}\n`;
  return bytesOf(text);
}

function address(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
