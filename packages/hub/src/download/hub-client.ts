import { CheckpointError, ConfigError } from '@crossmodal/core';
import { isCommit, quote } from './check-names';
import { HubError, type HubErrorReason } from './hub-error';
import type { RepoFile } from './repo-file';
import { type NetworkPatience, retryAfter, TransientError, withRetries } from './retry';

export type RepoType = 'model' | 'dataset' | 'space';

export interface HubClientOptions {
  repo: string;
  repoType: RepoType;
  endpoint: string;
  token: string | undefined;
  network: NetworkPatience;
  signal: AbortSignal | undefined;
  /** What errors begin with. */
  where: string;
}

/** More files than any repository has. */
const MOST_FILES = 1_000_000;
/** A page of a listing has at most a thousand files. */
const MOST_JSON_BYTES = 50_000_000;

/** Asks a hub about one repository, with patience; every failure is a {@link HubError}. */
export class HubClient {
  private readonly options: HubClientOptions;

  constructor(options: HubClientOptions) {
    const { endpoint, token, where } = options;
    if (!/^https?:\/\/[^\s?#]+$/.test(endpoint))
      throw new ConfigError(
        `${where}: endpoint: expected the address of a hub, received ${quote(endpoint)}.`,
      );
    if (token !== undefined && !/^[\x21-\x7e]+$/.test(token))
      throw new ConfigError(`${where}: token: expected letters and digits without spaces.`);
    this.options = { ...options, endpoint: endpoint.replace(/\/+$/, '') };
  }

  /** The commit that a branch or tag stands for. */
  async resolveCommit(revision: string, network?: NetworkPatience): Promise<string> {
    const { repo, repoType, endpoint, where } = this.options;
    const url = `${endpoint}/api/${repoType}s/${repo}/revision/${encodeURIComponent(revision)}?expand=sha`;
    const { value } = await this.getJson(url, network);
    const sha = (value as { sha?: unknown } | null)?.sha;
    if (isCommit(sha)) return sha;
    throw new CheckpointError(
      `${where}: expected the id of a commit for ${revision}, received ${quote(sha)}.`,
    );
  }

  /** All files of a commit; nothing of them is checked yet. */
  async listFiles(commit: string): Promise<RepoFile[]> {
    const { repo, repoType, endpoint, where } = this.options;
    const files = new Map<string, RepoFile>();
    let url: string | undefined = `${endpoint}/api/${repoType}s/${repo}/tree/${commit}?recursive=true`;
    while (url !== undefined) {
      const page = await this.getJson(url);
      if (!Array.isArray(page.value)) throw new CheckpointError(`${where}: expected a list of its files.`);
      for (const entry of page.value as (ListedEntry | null)[]) {
        if (entry?.type !== 'file') continue;
        const { path, size, oid, lfs } = entry;
        if (files.has(path) || files.size === MOST_FILES)
          throw new CheckpointError(
            `${where}: its listing has ${quote(path)} twice, or has no end: refused.`,
          );
        files.set(path, { path, size: lfs?.size ?? size, oid, ...(lfs && { sha256: lfs.oid }) });
      }
      url = page.next;
    }
    return [...files.values()];
  }

  /** Where a file's content is. */
  fileUrl(commit: string, path: string): string {
    const { repo, repoType, endpoint } = this.options;
    const prefix = repoType === 'model' ? '' : `${repoType}s/`;
    return `${endpoint}/${prefix}${repo}/resolve/${commit}/${path.split('/').map(encodeURIComponent).join('/')}`;
  }

  /**
   * One attempt at a GET. Nothing may come for a while, then the connection counts as broken; `end` has to be called
   * when nothing is read any more.
   *
   * @throws TransientError or HubError unless the answer is one of success, or 416.
   */
  async get(url: string, headers: Record<string, string>, where = this.options.where): Promise<OpenResponse> {
    const { endpoint, token, network, signal } = this.options;
    const { host, origin } = new URL(url);
    const stop = new AbortController();
    const abort = () => stop.abort(signal!.reason);
    signal?.throwIfAborted();
    signal?.addEventListener('abort', abort, { once: true });
    const stalled = () => stop.abort(new Error(`nothing came for ${network.stallMs / 1000} s`));
    let timer = setTimeout(stalled, network.stallMs);
    const heard = () => {
      clearTimeout(timer);
      timer = setTimeout(stalled, network.stallMs);
    };
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      stop.abort(); // frees the connection where the body was not read to its end
    };
    const broken = (what: string) => (cause: unknown) => {
      signal?.throwIfAborted();
      throw new TransientError(new HubError('network', `${where}: ${what}: ${reason(cause)}.`, { cause }));
    };
    async function* body(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
      const reader = stream.getReader();
      for (;;) {
        const { done, value } = await reader.read().catch(broken(`the connection to ${host} broke`));
        if (done) return;
        heard();
        yield value;
      }
    }
    try {
      // The token is for the hub alone; `fetch` drops it when redirected to another host.
      const ours = token !== undefined && origin === new URL(endpoint).origin;
      const response = await fetch(url, {
        headers: { ...headers, ...(ours && { authorization: `Bearer ${token}` }) },
        signal: stop.signal,
      }).catch(broken(`${host} cannot be reached`));
      heard();
      if (!response.ok && response.status !== 416) throw this.failure(response, where);
      const { status, body: stream } = response;
      return { status, headers: response.headers, body: body(stream ?? new Blob([]).stream()), end };
    } catch (error) {
      end();
      throw error;
    }
  }

  /** What an address of the API has, and where it goes on. */
  private getJson(url: string, network = this.options.network): Promise<{ value: unknown; next?: string }> {
    const { signal, where } = this.options;
    const attempt = async () => {
      const { headers, body, end } = await this.get(url, { accept: 'application/json' });
      try {
        const chunks: Uint8Array[] = [];
        let bytes = 0;
        for await (const chunk of body) {
          chunks.push(chunk);
          bytes += chunk.byteLength;
          if (bytes > MOST_JSON_BYTES) throw new CheckpointError(`${where}: the answer has no end: refused.`);
        }
        const text = await new Blob(chunks as BlobPart[]).text();
        const next = /<([^>]+)>;\s*rel="next"/.exec(headers.get('link') ?? '')?.[1];
        return { value: parse(text, where), ...(next !== undefined && { next: new URL(next, url).href }) };
      } finally {
        end();
      }
    };
    return withRetries(attempt, network, signal);
  }

  private failure({ status, headers, url }: Response, where: string): Error {
    const { endpoint, repo, repoType, token } = this.options;
    const page = `${endpoint}/${repoType === 'model' ? '' : `${repoType}s/`}${repo}`;
    const error = (why: HubErrorReason, text: string) => new HubError(why, `${where}: ${text}`);
    if (status >= 500 || status === 429 || status === 408)
      return new TransientError(
        error('network', `${new URL(url || endpoint).host} answers ${status}. Try again later.`),
        retryAfter(headers.get('retry-after')),
      );
    const code = headers.get('x-error-code');
    if (code === 'GatedRepo')
      return error(
        'gated',
        `access has to be granted first. Ask for it at ${page}, then give a token of that account (HF_TOKEN).`,
      );
    if (code === 'RevisionNotFound')
      return error('not-found', `there is no such revision. ${page}/tree/main shows those that there are.`);
    if (code === 'EntryNotFound') return error('no-file', 'there is no such file.');
    if (status === 401 && token !== undefined && code !== 'RepoNotFound')
      return error('unauthorized', `the token is refused. Make a new one at ${endpoint}/settings/tokens.`);
    if (status === 401 || status === 404 || code === 'RepoNotFound')
      return error(
        'not-found',
        `there is no such repository, or it is private. Check the name at ${page}; a private one needs a token (HF_TOKEN).`,
      );
    if (status === 403)
      return error(
        'unauthorized',
        `${token === undefined ? 'without a token' : 'with this token'} it may not be read.`,
      );
    return error('refused', `${new URL(url || endpoint).host} answers ${status}.`);
  }
}

/** An answer whose body is still to be read. */
export interface OpenResponse {
  status: number;
  headers: Headers;
  body: AsyncIterable<Uint8Array>;
  end(): void;
}

interface ListedEntry {
  type: string;
  path: string;
  size: number;
  oid: string;
  lfs?: { oid: string; size: number };
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CheckpointError(`${where}: the answer is not JSON. Is the endpoint a hub?`, { cause });
  }
}

/** What went wrong, with the cause that `fetch` hides one level down. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error && cause.message ? `${error.message} (${cause.message})` : error.message;
}
