import { type ByteSource, CheckpointError } from '@crossmodal/core';

/** The files of a model, wherever they lie: a folder, a snapshot of a repository, a browser's storage, memory. */
export interface ModelFiles {
  /** What errors call them: a path, or a repository and revision. */
  readonly name: string;
  /** Paths within, `/` between folders: `model.safetensors`, `onnx/model.onnx`. */
  list(): Promise<string[]>;
  /**
   * Opens one of the files; nothing is read yet.
   *
   * @throws CheckpointError when there is no such file.
   */
  open(path: string): Promise<ByteSource>;
}

/** Files that are in memory already. */
export function filesInMemory(
  files: Readonly<Record<string, Uint8Array | string>>,
  name = 'memory',
): ModelFiles {
  return {
    name,
    list: async () => Object.keys(files),
    async open(path) {
      const content = Object.hasOwn(files, path) ? files[path] : undefined;
      if (content === undefined) throw new CheckpointError(`${name}: no file ${path}.`);
      const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
      return {
        name: `${name}/${path}`,
        size: bytes.byteLength,
        read: async (offset, length) => bytes.subarray(offset, offset + length),
      };
    },
  };
}
