// Files: what needs Node (or Deno, or Bun) and not only a browser.

export { FolderCheckpointStore } from './folder-checkpoint-store';
export { jsonLinesLogger } from './json-lines-logger';
export {
  fileSource,
  readSafetensorsFile,
  type SaveSafetensorsOptions,
  saveSafetensorsFile,
} from './safetensors-file';
export { tensorBoardLogger } from './tensorboard-logger';
