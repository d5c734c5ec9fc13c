import { dirname } from 'node:path';
import { ConfigError } from '@crossmodal/core';
import { fileInFolder, realFolder } from '../files/file-in-folder';
import { type Limits, withLimits } from '../limits';
import { checkHosts, type FetchRules, fetchImage } from '../net/fetch-image';
import type { ImageTextSample, Row } from '../sample';
import { SkipSample } from '../skip-sample';

/** Which columns of a table are what, and what may be opened for them. */
export interface PairColumns extends Limits {
  /** Column of the image: a path, bytes, `{ bytes, path }` as Hugging Face stores it, or a URL (see `allowHosts`). */
  imageColumn?: string;
  /** Columns of the texts: strings or lists of strings. */
  textColumns?: string | readonly string[];
  /** The folder that paths count from, and must not leave. Default: that of the file. */
  folder?: string;
  /** Accepts paths out of the folder: only where nobody else wrote the file. Default false. */
  allowOutside?: boolean;
  /**
   * Hosts from which images may be fetched: `images.example.com`, or `*.example.com` for all below. Default none: a
   * URL is left out. Addresses in private networks are refused whatever the name.
   */
  allowHosts?: readonly string[];
  /** Seconds that a download may take. Default 20. */
  fetchSeconds?: number;
}

/** What turns a row into a sample. */
export function pairOfRow(options: PairColumns, where: string): (row: Row) => Promise<ImageTextSample> {
  const {
    imageColumn = 'image',
    textColumns = 'text',
    allowOutside = false,
    allowHosts = [],
    fetchSeconds = 20,
  } = options;
  const { maxImageBytes, maxTextBytes } = withLimits(options, where);
  if (!(fetchSeconds > 0))
    throw new ConfigError(`${where}: fetchSeconds: expected more than 0, received ${fetchSeconds}.`);
  checkHosts(allowHosts, where);
  const columns = [textColumns].flat();
  const rules: FetchRules = { allowHosts, maxBytes: maxImageBytes, seconds: fetchSeconds };

  const imageOf = async (value: unknown, folder: string): Promise<Uint8Array | string> => {
    if (value instanceof Uint8Array) return ownBytes(value, maxImageBytes);
    if (typeof value === 'string') {
      if (/^[a-z][a-z0-9+.-]+:\/\//i.test(value)) return fetchImage(value, rules);
      return fileInFolder(folder, value, { allowOutside, maxBytes: maxImageBytes, what: 'image' });
    }
    if (typeof value === 'object' && value !== null) {
      const { bytes, path } = value as { bytes?: unknown; path?: unknown };
      if (bytes instanceof Uint8Array) return ownBytes(bytes, maxImageBytes);
      if (typeof path === 'string') return imageOf(path, folder);
    }
    throw new SkipSample('no image', `${imageColumn} holds neither bytes nor a path.`);
  };

  const folders = new Map<string, Promise<string>>();
  const folderOf = (file: string) => {
    const folder = options.folder ?? dirname(file);
    const real = folders.get(folder) ?? realFolder(folder, where);
    folders.set(folder, real);
    return real;
  };

  return async ({ key, file, values }) => {
    const column = (name: string) => {
      if (Object.hasOwn(values, name)) return values[name];
      throw new SkipSample(
        `no column ${JSON.stringify(name)}`,
        `there are ${Object.keys(values).slice(0, 20).join(', ')}.`,
      );
    };
    const texts = columns.flatMap((name) => textsOf(column(name), maxTextBytes));
    if (texts.length === 0) throw new SkipSample('no text', `${columns.join(', ')}: empty.`);
    const metadata = { ...values };
    for (const name of [imageColumn, ...columns]) delete metadata[name];
    return { key, image: await imageOf(column(imageColumn), await folderOf(file)), texts, metadata };
  };
}

/** A copy, so that a sample does not keep a whole row group in memory. */
function ownBytes(bytes: Uint8Array, maxBytes: number): Uint8Array {
  if (bytes.length === 0) throw new SkipSample('empty image', 'it has 0 bytes.');
  if (bytes.length > maxBytes)
    throw new SkipSample('image too large', `it has ${bytes.length} bytes, more than ${maxBytes}.`);
  return Uint8Array.from(bytes);
}

function textsOf(value: unknown, maxBytes: number): string[] {
  const texts = [value].flat().flatMap((text) => {
    if (text instanceof Uint8Array) return [new TextDecoder().decode(text.subarray(0, maxBytes + 1))];
    return typeof text === 'string' ? [text] : [];
  });
  const long = texts.find((text) => text.length > maxBytes);
  if (long !== undefined)
    throw new SkipSample('text too large', `it has ${long.length} characters, more than ${maxBytes}.`);
  return texts.map((text) => text.trim()).filter((text) => text !== '');
}
