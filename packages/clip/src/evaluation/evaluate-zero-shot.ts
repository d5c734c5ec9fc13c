import { DataError } from '@crossmodal/core';
import type { ImageInput } from '@crossmodal/processing';
import type { EncodeOptions } from '../encode-batches';
import type { ZeroShotClassifier } from '../zero-shot-classifier';

/** An image and the class that it is of. */
export interface LabelledImage {
  image: ImageInput;
  label: string;
}

export interface ZeroShotEvaluation {
  /** How many images were classified. */
  count: number;
  /** Share of images whose most probable class is right. */
  top1: number;
  /** Share of images whose class is among the five most probable. */
  top5: number;
  /** Mean over the classes that occur of the share that is right: counts rare classes as much as common ones. */
  meanPerClass: number;
  /** By class: how many images, and the share that is right. */
  perClass: Map<string, { count: number; top1: number }>;
}

/**
 * How well a zero-shot classifier does on labelled images: the accuracies that papers report. Images are read and
 * classified batch by batch, so that a data set of any size can be streamed.
 *
 * @throws DataError when there are no images, or one has a label that the classifier lacks.
 * @example
 * const { top1, top5 } = await evaluateZeroShot(classifier, [{ image: 'cat.jpg', label: 'cat' }]);
 */
export async function evaluateZeroShot(
  classifier: ZeroShotClassifier,
  samples: Iterable<LabelledImage> | AsyncIterable<LabelledImage>,
  { batchSize = 32, onProgress, signal }: EncodeOptions = {},
): Promise<ZeroShotEvaluation> {
  const right = new Map<string, { count: number; top1: number }>();
  let [count, top1, top5] = [0, 0, 0];
  const evaluate = async (batch: readonly LabelledImage[]) => {
    const options = { batchSize, topK: 5, ...(signal && { signal }) };
    const images = batch.map(({ image }) => image);
    for (const [i, { label, top }] of (await classifier.classifyAll(images, options)).entries()) {
      const truth = batch[i]!.label;
      const ofClass = right.get(truth) ?? { count: 0, top1: 0 };
      right.set(truth, ofClass);
      ofClass.count++;
      count++;
      if (label === truth) {
        ofClass.top1++;
        top1++;
      }
      if (top.some(({ label }) => label === truth)) top5++;
    }
    onProgress?.({ done: count, total: Array.isArray(samples) ? samples.length : count });
  };

  const known = new Set(classifier.labels);
  let batch: LabelledImage[] = [];
  for await (const sample of samples) {
    if (!known.has(sample.label)) {
      throw new DataError(
        `evaluateZeroShot: samples: ${JSON.stringify(sample.label)} is none of the classifier's labels.`,
      );
    }
    batch.push(sample);
    if (batch.length < batchSize) continue;
    await evaluate(batch);
    batch = [];
  }
  if (batch.length > 0) await evaluate(batch);
  if (count === 0) throw new DataError('evaluateZeroShot: samples: expected at least one, received none.');

  const perClass = new Map(
    [...right].map(([label, own]) => [label, { count: own.count, top1: own.top1 / own.count }]),
  );
  const shares = [...perClass.values()].map((own) => own.top1);
  const meanPerClass = shares.reduce((a, b) => a + b) / shares.length;
  return { count, top1: top1 / count, top5: top5 / count, meanPerClass, perClass };
}
