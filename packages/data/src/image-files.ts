import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, DataError } from '@crossmodal/core';
import { expandPaths } from './files/expand-paths';
import { listFiles } from './files/list-files';
import { type Limits, withLimits } from './limits';
import { checkHosts, type FetchRules, fetchImage } from './net/fetch-image';
import type { Skip } from './skip-log';
import { SkipSample } from './skip-sample';

/** A picture that is not decoded yet, and what it is called. */
export interface NamedImage {
  /** Its path or address. */
  id: string;
  image: string | Uint8Array;
}

export interface ImageFilesOptions extends Pick<Limits, 'maxImageBytes'> {
  /**
   * Hosts that pictures may be fetched from: `images.example.com`, `*.example.com`. Default none: addresses are
   * refused. Those in private networks always are.
   */
  allowHosts?: readonly string[];
  /** Time for a download. Default 30. */
  seconds?: number;
  /** Is told of a picture that cannot be fetched, which is then left out. Default: it is an error. */
  onSkip?: (skip: Skip) => void;
}

const PICTURE = /\.(avif|gif|jpe?g|png|tiff?|webp)$/i;

/**
 * Pictures, one after the other: files as they are, all pictures in and below a folder, what a pattern
 * (`photos/*.jpg`) matches, and addresses of allowed hosts; each once, in order. Links to folders are not followed.
 *
 * @throws DataError when an input is or matches nothing; ConfigError for an address when no hosts are allowed.
 * @example
 * for await (const { id, label } of classifier.classifyStream(imageFiles(['photos', 'more/*.png']))) console.log(id, label);
 */
export async function* imageFiles(
  inputs: string | readonly string[],
  { allowHosts, seconds = 30, onSkip, ...limits }: ImageFilesOptions = {},
): AsyncGenerator<NamedImage, void, undefined> {
  const { maxImageBytes: maxBytes } = withLimits(limits, 'imageFiles');
  if (allowHosts) checkHosts(allowHosts, 'imageFiles');
  const seen = new Set<string>();
  for (const input of [inputs].flat()) {
    const isAddress = /^https?:\/\//i.test(input);
    for (const id of isAddress ? [input] : await pathsOf(input)) {
      if (seen.has(id)) continue;
      seen.add(id);
      if (!isAddress) yield { id, image: id };
      else {
        const image = await fetched(id, allowHosts, { maxBytes, seconds }, onSkip);
        if (image) yield { id, image };
      }
    }
  }
}

async function pathsOf(input: string): Promise<string[]> {
  const entry = await stat(input).catch(() => undefined);
  if (!entry?.isDirectory()) return expandPaths(input, 'imageFiles');
  const names = (await listFiles(input)).filter((name) => PICTURE.test(name));
  if (names.length === 0) throw new DataError(`imageFiles: ${JSON.stringify(input)} holds no pictures.`);
  return names.map((name) => join(input, name));
}

async function fetched(
  address: string,
  allowHosts: readonly string[] | undefined,
  rules: Omit<FetchRules, 'allowHosts'>,
  onSkip: ImageFilesOptions['onSkip'],
): Promise<Uint8Array | undefined> {
  if (!allowHosts) {
    throw new ConfigError(
      `imageFiles: ${JSON.stringify(address)}: addresses are off; allowHosts names the hosts that may be fetched from.`,
    );
  }
  try {
    return await fetchImage(address, { ...rules, allowHosts });
  } catch (error) {
    if (!(error instanceof SkipSample)) throw error;
    if (!onSkip) throw new DataError(`imageFiles: ${error.message}`, { cause: error });
    onSkip({ key: address, reason: error.reason, detail: error.message });
    return undefined;
  }
}
