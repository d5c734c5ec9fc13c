import {
  ConfigError,
  DataError,
  type FeatureMatrix,
  Linear,
  Module,
  softmaxCrossEntropy,
  valueAndGrad,
  ZeroRng,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { type Evaluation, minimizeLBFGS } from './minimize-lbfgs';

export interface LinearProbeOptions {
  /** Default: one more than the greatest label. */
  numClasses?: number;
  /**
   * Inverse strength of the penalty, scikit-learn's C. The best depends on the length of the features: try powers of
   * ten on held-out images. Default 1.
   */
  C?: number;
  /** Default 1000, CLIP's. */
  maxIterations?: number;
  /** Ends where no component of the objective's gradient is greater. Default 1e-4, scikit-learn's. */
  tolerance?: number;
}

/**
 * A linear classifier on frozen features: how good they are. Logistic regression over all classes with an L2
 * penalty on the weights (not the bias), `mean crossEntropy(x W + b) + |W|² / (2 C n)`, whose only minimum L-BFGS
 * finds. Radford et al. 2021, section 3.2 and appendix A.3.
 *
 * @example
 * const features = { values: await encodeImages(clip, imageProcessor, images), shape: [images.length, clip.projectionDim] };
 * const probe = await LinearProbe.fit(features, labels, { C: 10 });
 * accuracy(await probe.predict(heldOutFeatures), heldOutLabels);
 */
export class LinearProbe extends Module {
  readonly classifier: Linear;

  /** With weights of zero, to be loaded: see {@link LinearProbe.fit}. */
  constructor(featureSize: number, numClasses: number) {
    super();
    this.classifier = new Linear(featureSize, numClasses, { rng: new ZeroRng() });
  }

  /**
   * @param features [n, featureSize]
   * @param labels [n], from 0.
   * @throws ConfigError for a setting out of range; DataError when labels and features do not go together.
   */
  static async fit(
    features: FeatureMatrix,
    labels: ArrayLike<number>,
    options: LinearProbeOptions = {},
  ): Promise<LinearProbe> {
    const classes = Array.from(labels);
    const {
      numClasses = Math.max(-1, ...classes) + 1,
      C = 1,
      maxIterations = 1000,
      tolerance = 1e-4,
    } = options;
    const [n, featureSize] = features.shape as [number, number];
    if (!(C > 0)) throw new ConfigError(`LinearProbe.fit: C: expected a number above 0, received ${C}.`);
    if (classes.length !== n || n === 0)
      throw new DataError(
        `LinearProbe.fit: labels: expected ${n} of them, and at least 1, received ${classes.length}.`,
      );
    const wrong = classes.find((label) => !Number.isInteger(label) || label < 0 || label >= numClasses);
    if (wrong !== undefined)
      throw new DataError(
        `LinearProbe.fit: labels: expected integers from 0 to ${numClasses - 1}, received ${wrong}.`,
      );

    const probe = new LinearProbe(featureSize, numClasses);
    const x = toTensor(features);
    const y = tf.tensor1d(classes, 'int32');
    const weights = featureSize * numClasses;
    const evaluate = async (point: Float64Array): Promise<Evaluation> => {
      probe.assign(Float32Array.from(point));
      const loss = () => tf.tidy(() => softmaxCrossEntropy(probe.forward(x), y)) as tf.Scalar;
      const { value, gradients } = valueAndGrad(loss, probe.namedParameters());
      const parts = [value, gradients.get('classifier.weight')!, gradients.get('classifier.bias')!];
      const [loss32, dWeight, dBias] = await Promise.all(parts.map((part) => part.data()));
      tf.dispose(parts);
      const gradient = Float64Array.from([...dWeight!, ...dBias!]);
      let penalty = 0;
      for (let i = 0; i < weights; i++) {
        penalty += point[i]! ** 2 / (2 * C * n);
        gradient[i]! += point[i]! / (C * n);
      }
      return { value: loss32![0]! + penalty, gradient };
    };
    try {
      const start = new Float64Array(weights + numClasses);
      const best = await minimizeLBFGS(evaluate, start, { maxIterations, tolerance });
      probe.assign(Float32Array.from(best));
      return probe;
    } catch (error) {
      probe.dispose();
      throw error;
    } finally {
      tf.dispose([x, y]);
    }
  }

  /** float32 [n, featureSize] to logits [n, classes]; the caller disposes them. */
  forward(features: tf.Tensor2D): tf.Tensor2D {
    return this.classifier.forward(features) as tf.Tensor2D;
  }

  /** The class of each row, [n]. */
  async predict(features: FeatureMatrix): Promise<Int32Array> {
    const labels = tf.tidy(() => tf.argMax(this.forward(toTensor(features)), 1));
    const values = (await labels.data()) as Int32Array;
    labels.dispose();
    return values;
  }

  /** @param values W row by row, and b. */
  private assign(values: Float32Array): void {
    const { weight, bias } = this.classifier;
    weight.assign(tf.tensor(values.slice(0, weight.size), weight.shape));
    bias!.assign(tf.tensor(values.slice(weight.size), bias!.shape));
  }
}

/** A tensor of its own. */
function toTensor(features: FeatureMatrix): tf.Tensor2D {
  return features instanceof tf.Tensor
    ? tf.clone(features)
    : tf.tensor2d(features.values, features.shape as [number, number]);
}
