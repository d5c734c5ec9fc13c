import { CheckpointError } from '@crossmodal/core';

export async function replaceFile(path: string, _chunks: readonly Uint8Array[]): Promise<void> {
  throw new CheckpointError(
    `exportONNX: ${path}: a browser writes no paths. toONNX gives the bytes of the file.`,
  );
}
