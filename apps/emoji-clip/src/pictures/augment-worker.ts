import { parentPort, workerData } from 'node:worker_threads';
import { Rng } from '@crossmodal/core';
import { augmentPicture } from './augment-picture';
import type { AugmenterSetup, AugmentReply, AugmentRequest } from './augmenter';

const { stack, strength, imageSize } = workerData as AugmenterSetup;
const pictureSize = imageSize * imageSize * 3;

parentPort!.on('message', ({ id, pictures, rng: state }: AugmentRequest) => {
  try {
    const rng = new Rng(0);
    rng.restore(state);
    const pixels = new Float32Array(pictures.length * pictureSize);
    for (const [i, picture] of pictures.entries()) {
      augmentPicture(stack, picture, pixels, i * pictureSize, imageSize, { strength, rng });
    }
    parentPort!.postMessage({ id, pixels } satisfies AugmentReply, [pixels.buffer]);
  } catch (error) {
    parentPort!.postMessage({ id, error: String(error) } satisfies AugmentReply);
  }
});
