import { parentPort, workerData } from 'node:worker_threads';
import { DataError } from '../errors';
import type { ImageInput } from './image-processor';
import { imagePreparer } from './image-threads';
import type { ImageAnswer } from './image-threads.node';

/** A worker thread of imageBatches: an image in, its floats out, moved and not copied. */
const port = parentPort!;
const prepare = imagePreparer(workerData);
const answer = (message: ImageAnswer, moved: ArrayBuffer[] = []) => port.postMessage(message, moved);

port.on('message', async ({ id, input }: { id: number; input: ImageInput }) => {
  try {
    const data = await prepare(input);
    answer({ id, data }, [data.buffer as ArrayBuffer]);
  } catch (error) {
    const isData = error instanceof DataError;
    answer({ id, error: isData ? error.message : error, isData });
  }
});
