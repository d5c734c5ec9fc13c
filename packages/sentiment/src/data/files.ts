import type { CsvRowsOptions, Row, SampleSource } from '@crossmodal/data';

/** What needs files: `#files`, which browsers lack. */
export interface Files {
  csvRows(paths: string | readonly string[], options?: CsvRowsOptions): SampleSource<Row>;
  jsonlRows(paths: string | readonly string[]): SampleSource<Row>;
  /**
   * The folder that a data set's files lie in. It is looked for when a file is asked for, and once.
   *
   * @param where Begins an error's text.
   */
  folder(path: string, where: string): Folder;
  /** The folder that a file is in. */
  folderOf(file: string): string;
  join(folder: string, name: string): string;
}

/** Files that a data set names; each throws a SkipSample for what is not there, too large, or outside the folder. */
export interface Folder {
  /** The path of a picture. */
  image(name: string): Promise<string>;
  /** A text: UTF-8, or else Latin-1. */
  text(name: string): Promise<string>;
}
