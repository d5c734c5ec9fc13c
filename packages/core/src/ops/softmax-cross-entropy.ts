import * as tf from '@tensorflow/tfjs-core';
import { assertShape } from '../assert-shape';
import { ConfigError, DataError, ShapeError } from '../errors';
import { customOp } from './custom-op';
import { hasFusedKernel, runFusedKernel } from './fused-kernels';
import { logSumExp } from './log-sum-exp';
import { inHostMemory, toRows } from './rows';

export interface SoftmaxCrossEntropyOptions {
  /** Rows with this label count for nothing. Default -100. */
  ignoreIndex?: number | undefined;
  /** Part of the target that is spread evenly over the classes, in [0, 1]. Default 0. */
  labelSmoothing?: number | undefined;
  /** float32 [classes]: how much each class counts. */
  classWeights?: tf.Tensor1D | undefined;
  /** `mean` (the default) divides by the weight of the rows that count. */
  reduction?: 'mean' | 'sum' | 'none' | undefined;
}

/**
 * Cross-entropy of softmax probabilities and class labels, PyTorch's `cross_entropy`: for a row with label y,
 * `(1 - s) w_y (-log p_y) + s / classes * sum_c w_c (-log p_c)`, with label smoothing s and class weights w.
 * A batch all of whose rows are ignored has mean 0 and no gradient (PyTorch: NaN).
 *
 * @param logits float32 [..., classes]
 * @param labels int32 [...], each in [0, classes) or `ignoreIndex`
 * @returns float32: a scalar, or [...] with reduction `none`; the caller disposes it.
 * @throws ShapeError, ConfigError; DataError when a label is out of range (on the engines that hold tensors in this
 *   process's memory; elsewhere, looking would cost a wait).
 * @example
 * softmaxCrossEntropy(tf.zeros([2, 4]), tf.tensor1d([0, 3], 'int32')); // log 4 = 1.3863
 */
export function softmaxCrossEntropy(
  logits: tf.Tensor,
  labels: tf.Tensor,
  {
    ignoreIndex = -100,
    labelSmoothing = 0,
    classWeights,
    reduction = 'mean',
  }: SoftmaxCrossEntropyOptions = {},
): tf.Tensor {
  const classes = logits.shape.at(-1) ?? 1;
  assertShape(labels.shape, logits.shape.slice(0, -1), 'softmaxCrossEntropy: labels');
  if (labels.dtype !== 'int32') {
    throw new ShapeError(`softmaxCrossEntropy: labels: expected dtype int32, received ${labels.dtype}.`);
  }
  if (classWeights) assertShape(classWeights.shape, [classes], 'softmaxCrossEntropy: classWeights');
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    throw new ConfigError(
      `softmaxCrossEntropy: labelSmoothing: expected [0, 1], received ${labelSmoothing}.`,
    );
  }
  if (inHostMemory()) assertLabels(labels.dataSync(), classes, ignoreIndex);
  return tf.tidy(() => {
    const flat = tf.reshape(labels, [labels.size]) as tf.Tensor1D;
    const settings = { ignoreIndex, labelSmoothing };
    const losses = rowLosses(toRows(logits), flat, classWeights, settings);
    if (reduction === 'none') return tf.reshape(losses, labels.shape);
    const total = tf.sum(losses);
    if (reduction === 'sum') return total;
    const counted = tf.sum(rowWeights(flat, classWeights, ignoreIndex));
    return tf.mul(total, tf.divNoNan(1, counted));
  });
}

interface Settings {
  ignoreIndex: number;
  labelSmoothing: number;
}

/** [rows] */
function rowLosses(
  logits: tf.Tensor2D,
  labels: tf.Tensor1D,
  classWeights: tf.Tensor1D | undefined,
  settings: Settings,
): tf.Tensor {
  const attrs = { ...settings };
  const isFused = hasFusedKernel('FusedSoftmaxCrossEntropy');
  return customOp<tf.Tensor>(
    { logits },
    (save) => {
      const inputs = { logits, labels, classWeights };
      const [loss, logSum] = isFused
        ? runFusedKernel('FusedSoftmaxCrossEntropy', inputs, attrs)
        : composedLosses(logits, labels, classWeights, settings);
      save([logits, labels, logSum!, ...(classWeights ? [classWeights] : [])]);
      return loss!;
    },
    (dy, saved) => {
      const [logits, labels, logSum, classWeights] = saved as tf.Tensor[];
      return {
        logits: isFused
          ? () =>
              runFusedKernel(
                'FusedSoftmaxCrossEntropyGrad',
                { dy, logits, labels, logSumExp: logSum, classWeights },
                attrs,
              )[0]!
          : () => composedGradient(dy, logits!, labels!, logSum!, classWeights, settings),
      };
    },
  );
}

function composedLosses(
  logits: tf.Tensor2D,
  labels: tf.Tensor1D,
  classWeights: tf.Tensor1D | undefined,
  { ignoreIndex, labelSmoothing }: Settings,
): tf.Tensor[] {
  const [rows, classes] = logits.shape;
  const logSum = logSumExp(logits); // [rows]
  const weights = rowWeights(labels, classWeights, ignoreIndex);
  const places = tf.add(knownLabels(labels, ignoreIndex), tf.range(0, rows * classes, classes, 'int32'));
  const picked = tf.gather(tf.reshape(logits, [rows * classes]), places as tf.Tensor1D);
  const ofLabel = tf.mul(tf.sub(logSum, picked), weights);
  if (labelSmoothing === 0) return [ofLabel, logSum];
  const each = tf.sub(tf.expandDims(logSum, 1), logits); // [rows, classes]
  const spread = tf.mean(classWeights ? tf.mul(each, classWeights) : each, 1);
  const counted = tf.cast(tf.notEqual(labels, ignoreIndex), 'float32');
  const loss = tf.add(tf.mul(ofLabel, 1 - labelSmoothing), tf.mul(tf.mul(spread, counted), labelSmoothing));
  return [loss, logSum];
}

/** `dy (a p - b)`: a row's weight a, times its probabilities, less its weighted target b. */
function composedGradient(
  dy: tf.Tensor,
  logits: tf.Tensor,
  labels: tf.Tensor,
  logSum: tf.Tensor,
  classWeights: tf.Tensor | undefined,
  { ignoreIndex, labelSmoothing }: Settings,
): tf.Tensor {
  const classes = logits.shape[1]!;
  const counted = tf.mul(dy, tf.cast(tf.notEqual(labels, ignoreIndex), 'float32'));
  const certain = tf.mul(counted, 1 - labelSmoothing);
  const weights = classWeights
    ? tf.mul(certain, tf.gather(classWeights, knownLabels(labels, ignoreIndex)))
    : certain; // [rows]
  const column = tf.expandDims(weights, 1);
  // of one class, which oneHot does not take, it is that
  const target = classes === 1 ? column : tf.mul(tf.oneHot(labels as tf.Tensor1D, classes), column);
  const probabilities = tf.exp(tf.sub(logits, tf.expandDims(logSum, 1)));
  if (labelSmoothing === 0) return tf.sub(tf.mul(probabilities, column), target);
  const perClass = classWeights ?? tf.ones([classes]);
  const share = tf.mul(counted, labelSmoothing / classes); // [rows]
  const total = tf.add(weights, tf.mul(share, tf.sum(perClass)));
  const spread = tf.mul(tf.expandDims(share, 1), perClass);
  return tf.sub(tf.sub(tf.mul(probabilities, tf.expandDims(total, 1)), target), spread);
}

/** What each row counts: 0 if ignored, else the weight of its label. */
function rowWeights(labels: tf.Tensor, classWeights: tf.Tensor | undefined, ignoreIndex: number): tf.Tensor {
  const counted = tf.cast(tf.notEqual(labels, ignoreIndex), 'float32');
  return classWeights ? tf.mul(counted, tf.gather(classWeights, knownLabels(labels, ignoreIndex))) : counted;
}

/** Labels, with 0 for the ignored ones: safe to look up. */
function knownLabels(labels: tf.Tensor, ignoreIndex: number): tf.Tensor1D {
  return tf.mul(labels, tf.cast(tf.notEqual(labels, ignoreIndex), 'int32'));
}

function assertLabels(labels: ArrayLike<number>, classes: number, ignoreIndex: number): void {
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if ((label >= 0 && label < classes) || label === ignoreIndex) continue;
    throw new DataError(
      `softmaxCrossEntropy: labels: expected integers in [0, ${classes}) or ignoreIndex (${ignoreIndex}), ` +
        `received ${label} at ${i}.`,
    );
  }
}
