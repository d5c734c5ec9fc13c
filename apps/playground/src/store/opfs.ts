import { PlaygroundError } from '../playground-error';

/**
 * A folder of files that stay in this browser, for this page alone (the origin private file system). In the page and
 * in the worker.
 *
 * @example
 * const folder = await OPFSFolder.open('search');
 * await folder.write('index.bin', bytes);
 */
export class OPFSFolder {
  private constructor(private readonly handle: FileSystemDirectoryHandle) {}

  /**
   * @param path Names with `/` between; made where it is not there.
   * @throws PlaygroundError `shell.storageMissing` where the browser keeps nothing for the page.
   */
  static async open(path: string): Promise<OPFSFolder> {
    try {
      let handle = await navigator.storage.getDirectory();
      for (const name of path.split('/')) handle = await handle.getDirectoryHandle(name, { create: true });
      return new OPFSFolder(handle);
    } catch (cause) {
      throw new PlaygroundError('shell.storageMissing', {}, { cause });
    }
  }

  /**
   * Writes a file whole: until it is, the one of this name that was there before stays.
   *
   * @throws PlaygroundError `shell.storageFull`
   */
  async write(name: string, content: Blob | string | Uint8Array<ArrayBuffer>): Promise<void> {
    try {
      const file = await this.handle.getFileHandle(name, { create: true });
      const writable = await file.createWritable(); // of a copy, which close() puts in the place of the file
      try {
        await writable.write(content);
        await writable.close();
      } catch (error) {
        await writable.abort().catch(() => {});
        throw error;
      }
    } catch (error) {
      if ((error as DOMException).name !== 'QuotaExceededError') throw error;
      throw new PlaygroundError('shell.storageFull', {}, { cause: error });
    }
  }

  /** The file, or undefined when there is none. */
  async read(name: string): Promise<File | undefined> {
    try {
      return await (await this.handle.getFileHandle(name)).getFile();
    } catch (error) {
      if ((error as DOMException).name === 'NotFoundError') return undefined;
      throw error;
    }
  }

  /** Names of its files, in order. */
  async list(): Promise<string[]> {
    const names: string[] = [];
    for await (const [name, entry] of this.handle.entries()) if (entry.kind === 'file') names.push(name);
    return names.sort();
  }

  async remove(name: string): Promise<void> {
    await this.handle.removeEntry(name).catch((error) => {
      if ((error as DOMException).name !== 'NotFoundError') throw error;
    });
  }

  /** Removes all that is in it, also folders. */
  async clear(): Promise<void> {
    const names: string[] = [];
    for await (const name of this.handle.keys()) names.push(name);
    for (const name of names) await this.handle.removeEntry(name, { recursive: true });
  }

  /** Bytes of its files, those of folders in it too. */
  async size(): Promise<number> {
    return sizeOf(this.handle);
  }
}

async function sizeOf(folder: FileSystemDirectoryHandle): Promise<number> {
  let bytes = 0;
  for await (const entry of folder.values()) {
    if (entry.kind === 'file') bytes += (await (entry as FileSystemFileHandle).getFile()).size;
    else bytes += await sizeOf(entry as FileSystemDirectoryHandle);
  }
  return bytes;
}
