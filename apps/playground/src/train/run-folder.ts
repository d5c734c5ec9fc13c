/** Files of a flat folder that a file replaces whole: an `OPFSFolder`, or in tests, memory. */
export interface RunFolder {
  write(name: string, content: Blob | string | Uint8Array<ArrayBuffer>): Promise<void>;
  read(name: string): Promise<Blob | undefined>;
  list(): Promise<string[]>;
  remove(name: string): Promise<void>;
  clear(): Promise<void>;
  size(): Promise<number>;
}

export async function readJson<T>(folder: RunFolder, name: string): Promise<T | undefined> {
  const file = await folder.read(name);
  return file && (JSON.parse(await file.text()) as T);
}
