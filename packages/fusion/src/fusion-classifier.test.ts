import '@tensorflow/tfjs-backend-cpu';
import { Rng, valueAndGrad } from '@crossmodal/core';
import { expectClose, expectNoLeak } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Fusion, type FusionOutput } from './fusion';
import { FusionClassifier } from './fusion-classifier';
import type { Sequence } from './modality-inputs';
import { poolSequence } from './pool-sequence';

beforeAll(async () => void (await tf.setBackend('cpu')));

/** The sum of the means, with weights and a loss of its own. */
class SumFusion extends Fusion {
  protected fuse(sequences: readonly Sequence[]): FusionOutput {
    const fused = tf.addN(sequences.map(poolSequence)) as tf.Tensor2D;
    const weights = tf.fill([fused.shape[0], 2], 0.5) as tf.Tensor2D;
    return { fused, weights, auxiliaryLoss: tf.scalar(7) };
  }
}

const fusion = new SumFusion({ modalities: { a: 2, b: 2 }, outputDim: 2 });
const inputs = { a: tf.tensor2d([[1, 2]]), b: tf.tensor2d([[3, 5]]) };

describe('FusionClassifier', () => {
  it('is a linear map of what was fused, and passes the rest on', () => {
    const classifier = new FusionClassifier({ fusion, numClasses: 3, rng: new Rng(1) });
    const { logits, fused, weights, auxiliaryLoss } = classifier.forward(inputs);
    expectClose(fused, [4, 7]);
    expectClose(weights!, [0.5, 0.5]);
    expectClose(auxiliaryLoss!, [7]);
    const { weight, bias } = classifier.classifier!;
    expectClose(logits, tf.add(tf.matMul(fused, weight.value as tf.Tensor2D), bias!.value));
    expect([...classifier.namedParameters().keys()]).toEqual(['classifier.weight', 'classifier.bias']);
    expectNoLeak(() => tf.dispose(classifier.forward(inputs) as never));
  });

  it('has no head where the fusion gives logits', () => {
    const classifier = new FusionClassifier({ fusion, rng: new Rng(1) });
    const { logits, fused } = classifier.forward(inputs);
    expectClose(logits, [4, 7]);
    fused.dispose();
    expectClose(logits, [4, 7]); // a tensor of its own
  });

  it('drops in training only, before the head', () => {
    const classifier = new FusionClassifier({ fusion, numClasses: 1, dropout: 0.9, rng: new Rng(1) });
    const many = { a: tf.ones([50, 2]) as tf.Tensor2D };
    const distinct = (context?: { training: true; rng: Rng }) =>
      new Set(classifier.forward(many, context).logits.dataSync()).size;
    expect(distinct()).toBe(1);
    expect(distinct({ training: true, rng: new Rng(2) })).toBeGreaterThan(1);
  });

  it('trains its head', () => {
    const classifier = new FusionClassifier({ fusion, numClasses: 2, rng: new Rng(1) });
    const { gradients } = valueAndGrad(
      () => tf.sum(tf.square(classifier.forward(inputs).logits)) as tf.Scalar,
      classifier.namedParameters(),
    );
    expect(gradients.size).toBe(2);
  });

  it('says what is wrong', () => {
    expect(() => new FusionClassifier({ fusion, numClasses: 0, rng: new Rng(1) })).toThrow(
      'FusionClassifier: numClasses: expected a positive integer, received 0.',
    );
  });
});
