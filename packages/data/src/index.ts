// samples

// batches
export type { ImageTextBatch, TokenRows } from './batches/image-text-batch';
export {
  type ImageTextBatches,
  type ImageTextBatchesOptions,
  type ImageTextBatchesState,
  imageTextBatches,
} from './batches/image-text-batches';
export { toTensors } from './batches/to-tensors';
// statistics
export {
  type DescribePairsOptions,
  describePairs,
  type PairsDescription,
  type Spread,
} from './describe-pairs';
// files that a data set names
export { type FileRules, fileInFolder, realFolder } from './files/file-in-folder';
// pictures alone
export { type ImageFilesOptions, imageFiles, type NamedImage } from './image-files';
// sources
export type { Limits } from './limits';
export { mapSamples } from './map-samples';
export type { ImageTextSample, Row } from './sample';
export type { Place, SampleEntry, SampleSource, Shard } from './sample-source';
export type { SampleStream, SampleStreamState, SamplesOptions } from './sample-stream';
export { samples } from './samples';
export type { Skip, SkipReport } from './skip-log';
export { SkipSample } from './skip-sample';
export { csvPairs } from './sources/csv-pairs';
export { type CsvRowsOptions, csvRows } from './sources/csv-rows';
export { type FolderPairsOptions, folderPairs } from './sources/folder-pairs';
export { jsonlPairs } from './sources/jsonl-pairs';
export { jsonlRows } from './sources/jsonl-rows';
export type { PairColumns } from './sources/pair-of-row';
export { type ParquetPairsOptions, parquetPairs } from './sources/parquet-pairs';
export { type ParquetRowsOptions, parquetRows } from './sources/parquet-rows';
export { type WebDatasetOptions, webDataset } from './sources/web-dataset';
