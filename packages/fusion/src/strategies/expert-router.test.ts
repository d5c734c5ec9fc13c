import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import { Rng } from '@crossmodal/core';
import { expectClose, expectNoLeak } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, it } from 'vitest';
import { ExpertRouter } from './expert-router';

/** Scores are the values themselves. */
function router() {
  const made = new ExpertRouter(3, 3, new Rng(1));
  made.projection.weight.assign(tf.eye(3));
  return made;
}

// Probabilities are thirds of 9: [4, 3, 2] / 9 and so on.
const x = () =>
  tf.log(
    tf.tensor2d([
      [4, 3, 2],
      [4, 3, 2],
      [6, 1, 2],
      [2, 3, 4],
      [1, 1, 7],
    ]),
  ) as tf.Tensor2D;
const there = () => tf.tensor2d([1, 1, 1, 1, 0], [5, 1]);

describe.each(['cpu', 'onnx'])('ExpertRouter on %s', (engine) => {
  beforeAll(async () => {
    await tf.setBackend(engine);
  });

  it('takes the best with its probability, in the order of the batch', () => {
    const { gates, places } = router().forward(x(), there(), { topK: 1 });
    expectClose(
      gates,
      [4, 0, 0, 4, 0, 0, 6, 0, 0, 0, 0, 4, 0, 0, 0].map((p) => p / 9),
    );
    expectClose(places, [0, -1, -1, 1, -1, -1, 2, -1, -1, -1, -1, 0, -1, -1, -1]);
  });

  it('shares out among the best two, and gives first choices their places first', () => {
    const { gates, places } = router().forward(x(), there(), { topK: 2, capacity: 2 });
    const shares = [4 / 7, 3 / 7, 0, 4 / 7, 3 / 7, 0, 0, 0, 2 / 8, 0, 0, 4 / 7, 0, 0, 0];
    expectClose(gates, shares); // no place: sample 2 with expert 0, sample 3 with expert 1
    expectClose(places, [0, 0, -1, 1, 1, -1, -1, -1, 1, -1, -1, 0, -1, -1, -1]);
  });

  it('computes both losses of the samples that are there', () => {
    const { balanceLoss, zLoss } = router().forward(x(), there(), { topK: 1 });
    // 3 of 4 choose expert 0, of mean probability 16 / 36; 1 chooses expert 2, of 10 / 36.
    expectClose(balanceLoss, 3 * ((3 / 4) * (16 / 36) + (1 / 4) * (10 / 36)));
    expectClose(zLoss, Math.log(9) ** 2);
    const nobody = router().forward(x(), tf.zeros([5, 1]), { topK: 2 });
    expectClose(nobody.balanceLoss, 0);
    expectClose(nobody.zLoss, 0);
  });

  it('leaves no tensor behind', () => {
    const [module, input, all] = [router(), x(), there()];
    expectNoLeak(() => tf.dispose(module.forward(input, all, { topK: 2, capacity: 1 }) as never));
  });
});
