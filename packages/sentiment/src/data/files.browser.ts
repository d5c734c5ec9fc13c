import { ConfigError } from '@crossmodal/core';
import type { Files } from './files';

const noFiles = (): never => {
  throw new ConfigError(
    'sentiment data: a browser opens no paths. Make a source of your own, or give openPretrained a folder handle.',
  );
};

export const files: Files = {
  csvRows: noFiles,
  jsonlRows: noFiles,
  folder: noFiles,
  folderOf: noFiles,
  join: noFiles,
};
