import { DataError } from '@crossmodal/core';

/**
 * Predictions and labels as the toolbox holds them, in 32 bits: 0.1 there is above 0.1 here, and bins end at such values.
 *
 * @throws DataError unless there is a prediction for each label, at least one, and all are numbers.
 */
export function checkScores(
  where: string,
  predictions: ArrayLike<number>,
  labels: ArrayLike<number>,
): { predictions: Float32Array; labels: Float32Array } {
  if (predictions.length !== labels.length)
    throw new DataError(
      `${where}: predictions: expected as many as labels, ${labels.length}, received ${predictions.length}.`,
    );
  if (labels.length === 0) throw new DataError(`${where}: labels: expected at least one, received none.`);
  const finite = (values: ArrayLike<number>, name: string) =>
    Float32Array.from(values, (value, i) => {
      if (Number.isFinite(value)) return value;
      throw new DataError(`${where}: ${name}: expected finite numbers, received ${value} at ${i}.`);
    });
  return { predictions: finite(predictions, 'predictions'), labels: finite(labels, 'labels') };
}
