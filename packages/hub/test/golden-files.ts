import { readFileSync } from 'node:fs';
import { bytesSource, parseSafetensors, type StateDict } from '@crossmodal/core';

/** A file that a recipe wrote, by its path in `golden`. */
export function goldenBytes(path: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`../golden/${path}`, import.meta.url)));
}

export function goldenSource(path: string) {
  return bytesSource(goldenBytes(path), path.split('/').at(-1));
}

/** What the recipe says that a file holds: tensors under `<file>/`. */
export function expectedTensors(golden: string, file: string): StateDict {
  const { tensors } = parseSafetensors(goldenBytes(golden));
  const mine = Object.entries(tensors).filter(([key]) => key.startsWith(`${file}/`));
  return Object.fromEntries(mine.map(([key, tensor]) => [key.slice(file.length + 1), tensor]));
}
