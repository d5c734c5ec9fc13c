import { tokenizerFileNames } from '@crossmodal/processing';

/** Those of a model's files that its tokenizer is read from. */
export function tokenizerFiles(files: Readonly<Record<string, Uint8Array>>): Record<string, Uint8Array> {
  const names: readonly string[] = tokenizerFileNames;
  return Object.fromEntries(Object.entries(files).filter(([name]) => names.includes(name)));
}
