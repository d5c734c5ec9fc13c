import { PlaygroundError } from '../../playground-error';
import { siteUrl } from '../../site-url';

/** A file of `public/models`. */
export async function fetchShipped(path: string): Promise<Response> {
  const problem = (detail: string, cause?: unknown) =>
    new PlaygroundError('search.fileMissing', { name: path, detail }, { cause });
  let response: Response;
  try {
    response = await fetch(new URL(`models/${path}`, siteUrl()));
  } catch (cause) {
    throw problem((cause as Error).message, cause);
  }
  if (!response.ok) throw problem(String(response.status));
  return response;
}

export async function fetchJson<T>(path: string): Promise<T> {
  return (await fetchShipped(path)).json() as Promise<T>;
}

export async function fetchBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await (await fetchShipped(path)).arrayBuffer());
}

/** Made at the first use; a failure is tried again at the next. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    if (!made) {
      const attempt = make();
      made = attempt;
      attempt.catch(() => {
        if (made === attempt) made = undefined;
      });
    }
    return made;
  };
}
