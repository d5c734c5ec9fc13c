// What needs no files: streams over sources of one's own, and batches.
export type { ImageTextBatch, TokenRows } from './batches/image-text-batch';
export {
  type ImageTextBatches,
  type ImageTextBatchesOptions,
  type ImageTextBatchesState,
  imageTextBatches,
} from './batches/image-text-batches';
export { toTensors } from './batches/to-tensors';
export { mapSamples } from './map-samples';
export type { ImageTextSample, Row } from './sample';
export type { Place, SampleEntry, SampleSource, Shard } from './sample-source';
export type { SampleStream, SampleStreamState, SamplesOptions } from './sample-stream';
export { samples } from './samples';
export type { Skip, SkipReport } from './skip-log';
export { SkipSample } from './skip-sample';
