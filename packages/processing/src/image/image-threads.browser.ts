import { type ImageThreads, type ImageThreadsOptions, inThisThread } from './image-threads';

/** The browser's half of imageBatches: its decoder has threads of its own, and the rest takes a few milliseconds an image. */
export function startImageThreads(options: ImageThreadsOptions): ImageThreads {
  return inThisThread(options);
}
