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
    const { datasetInfo, modelInfo, spaceInfo } = await import('@huggingface/hub');
    const info = { model: modelInfo, dataset: datasetInfo, space: spaceInfo }[repoType] as typeof modelInfo;
    const asked = { name: repo, revision, hubUrl: endpoint, fetch: this.fetchAll(network) };
    const { sha } = await info({ ...asked, additionalFields: ['sha'] });
    if (isCommit(sha)) return sha;
    throw new CheckpointError(
      `${where}: expected the id of a commit for ${revision}, received ${quote(sha)}.`,
    );
  }

  /** All files of a commit; nothing of them is checked yet. */
  async listFiles(commit: string): Promise<RepoFile[]> {
    const { repo, repoType, endpoint, where } = this.options;
    const { listFiles } = await import('@huggingface/hub');
    const asked = { repo: { type: repoType, name: repo }, revision: commit, hubUrl: endpoint };
    const files = new Map<string, RepoFile>();
    for await (const entry of listFiles({ ...asked, recursive: true, fetch: this.fetchAll() })) {
      if (entry.type !== 'file') continue;
      if (files.has(entry.path) || files.size === MOST_FILES)
        throw new CheckpointError(
          `${where}: its listing has ${quote(entry.path)} twice, or has no end: refused.`,
        );
      files.set(entry.path, {
        path: entry.path,
        size: entry.lfs?.size ?? entry.size,
        oid: entry.oid ?? '',
        ...(entry.lfs !== undefined && { sha256: entry.lfs.oid }),
      });
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
   * One attempt at a GET. `heard` has to be called whenever something came, or the connection counts as stalled; `end`
   * when nothing is read any more.
   *
   * @throws TransientError or HubError unless the answer is one of success, or 416.
   */
  async get(url: string, headers: Record<string, string>): Promise<OpenResponse> {
    const { endpoint, token, network, signal, where } = this.options;
    const stop = new AbortController();
    const abort = () => stop.abort(signal!.reason);
    signal?.throwIfAborted();
    signal?.addEventListener('abort', abort, { once: true });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const heard = () => {
      clearTimeout(timer);
      timer = setTimeout(
        () => stop.abort(new Error(`nothing came for ${network.stallMs / 1000} s`)),
        network.stallMs,
      );
    };
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      stop.abort(); // frees the connection where the body was not read to its end
    };
    heard();
    try {
      // The token is for the hub alone; `fetch` drops it when redirected to another host.
      const ours = token !== undefined && new URL(url).origin === new URL(endpoint).origin;
      const response = await fetch(url, {
        headers: { ...headers, ...(ours && { authorization: `Bearer ${token}` }) },
        signal: stop.signal,
      });
      heard();
      if (!response.ok && response.status !== 416) throw this.failure(response);
      return { response, heard, end };
    } catch (cause) {
      end();
      signal?.throwIfAborted();
      if (cause instanceof TransientError || cause instanceof HubError) throw cause;
      throw new TransientError(
        new HubError('network', `${where}: ${new URL(url).host} cannot be reached: ${reason(cause)}.`, {
          cause,
        }),
      );
    }
  }

  /** `fetch` for the library: with the token, attempts, and the whole body read, so that a cut is noticed here. */
  private fetchAll(network = this.options.network): typeof fetch {
    const { signal, where } = this.options;
    return (input) =>
      withRetries(
        async () => {
          const { response, end } = await this.get(String(input), { accept: 'application/json' });
          try {
            const body = await response.arrayBuffer();
            return new Response(body, { status: response.status, headers: response.headers });
          } catch (cause) {
            const message = `${where}: the connection to ${new URL(String(input)).host} broke: ${reason(cause)}.`;
            throw new TransientError(new HubError('network', message, { cause }));
          } finally {
            end();
          }
        },
        network,
        signal,
      );
  }

  private failure({ status, headers, url }: Response): Error {
    const { endpoint, repo, repoType, token, where } = this.options;
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
  response: Response;
  /** Says that something came. */
  heard(): void;
  /** Says that nothing is read any more. */
  end(): void;
}

/** What went wrong, with the cause that `fetch` hides one level down. */
export function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error && cause.message ? `${error.message} (${cause.message})` : error.message;
}
