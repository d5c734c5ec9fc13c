import { open, realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { ConfigError } from '@crossmodal/core';
import { messageOf, SkipSample } from '../skip-sample';

export interface FileRules {
  /** Accepts files that lie outside the folder, or are links to what does. */
  allowOutside: boolean;
  maxBytes: number;
  /** For the words of a refusal. */
  what: 'image' | 'text';
}

/**
 * The real path of a file that a data set names, once it is known to be a file, in the folder and not too large.
 *
 * @param folder A real path.
 * @throws SkipSample otherwise.
 */
export async function fileInFolder(folder: string, name: string, rules: FileRules): Promise<string> {
  const { allowOutside, maxBytes, what } = rules;
  const quoted = JSON.stringify(name.slice(0, 200));
  const outside = () => {
    throw new SkipSample('outside the folder', `${quoted} leaves the folder; allowOutside: true accepts it.`);
  };
  if (name === '' || name.includes('\0')) throw new SkipSample(`no ${what}`, `${quoted} is no path.`);
  const path = resolve(folder, name);
  if (!allowOutside && (isAbsolute(name) || !isWithin(folder, path))) outside();
  try {
    const real = await realpath(path);
    if (!allowOutside && !isWithin(folder, real)) outside(); // through a link
    const { size, isFile } = await stat(real).then((s) => ({ size: s.size, isFile: s.isFile() }));
    if (!isFile) throw new SkipSample(`no ${what}`, `${quoted} is not a regular file.`);
    if (size === 0) throw new SkipSample(`empty ${what}`, `${quoted} has 0 bytes.`);
    checkSize(size, maxBytes, what, quoted);
    return real;
  } catch (cause) {
    if (cause instanceof SkipSample) throw cause;
    throw new SkipSample(`no ${what}`, messageOf(cause), { cause });
  }
}

/** The real path of a folder. */
export async function realFolder(folder: string, where: string): Promise<string> {
  const real = await realpath(folder).catch(() => undefined);
  if (real !== undefined && (await stat(real)).isDirectory()) return real;
  throw new ConfigError(`${where}: folder: ${JSON.stringify(folder)} is not a folder.`);
}

/** The text of such a file (UTF-8). */
export async function textInFolder(
  folder: string,
  name: string,
  rules: Omit<FileRules, 'what'>,
): Promise<string> {
  const file = await open(await fileInFolder(folder, name, { ...rules, what: 'text' }));
  try {
    const { size } = await file.stat();
    checkSize(size, rules.maxBytes, 'text', JSON.stringify(name));
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size), 0, size, 0);
    return new TextDecoder().decode(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function checkSize(size: number, maxBytes: number, what: string, quoted: string): void {
  if (size > maxBytes)
    throw new SkipSample(`${what} too large`, `${quoted} has ${size} bytes, more than ${maxBytes}.`);
}
