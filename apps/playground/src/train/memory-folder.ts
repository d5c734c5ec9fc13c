import type { RunFolder } from './run-folder';

/** A folder for tests. */
export class MemoryFolder implements RunFolder {
  private readonly files = new Map<string, Blob>();

  async write(name: string, content: Blob | string | Uint8Array<ArrayBuffer>): Promise<void> {
    this.files.set(name, new Blob([content]));
  }

  async read(name: string): Promise<Blob | undefined> {
    return this.files.get(name);
  }

  async list(): Promise<string[]> {
    return [...this.files.keys()].sort();
  }

  async remove(name: string): Promise<void> {
    this.files.delete(name);
  }

  async clear(): Promise<void> {
    this.files.clear();
  }

  async size(): Promise<number> {
    return [...this.files.values()].reduce((sum, { size }) => sum + size, 0);
  }
}
