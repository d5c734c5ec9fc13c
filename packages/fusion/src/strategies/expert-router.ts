import { customOp, Linear, logSumExp, Module, type Rng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

export interface RouterOptions {
  /** Experts for each sample: 1 to as many as there are. */
  topK: number;
  /** Samples that an expert takes at most. Default: all. */
  capacity?: number | undefined;
}

export interface Routing {
  /**
   * float32 [batch, experts]: the factor on each expert's result, 0 for one not chosen or full. Of one expert a sample
   * its probability, of more their share of it.
   */
  gates: tf.Tensor2D;
  /** float32 [batch, experts]: which of an expert's places a sample has, in the order of the batch, first choices first; -1 for none. */
  places: tf.Tensor2D;
  /** experts * sum of (share of the choices * mean probability): 1 when all are equal. Fedus et al. 2022, equation 4. */
  balanceLoss: tf.Scalar;
  /** Mean of `log(sum(exp(logits)))^2`. Zoph et al. 2022, equation 5. */
  zLoss: tf.Scalar;
}

/**
 * Chooses for each sample the experts with the highest scores, `softmax(x W)`. Shazeer et al. 2017, section 2.1; Fedus
 * et al. 2022, section 2.1.
 *
 * @example
 * const router = new ExpertRouter(8, 4, new Rng(1));
 * const { gates } = router.forward(tf.ones([2, 8]), tf.ones([2, 1]), { topK: 2 }); // [2, 4]
 */
export class ExpertRouter extends Module {
  readonly projection: Linear;

  constructor(
    dim: number,
    readonly numExperts: number,
    rng: Rng,
  ) {
    super();
    this.projection = new Linear(dim, numExperts, { bias: false, rng });
  }

  /**
   * @param x float32 [batch, dim]
   * @param there float32 [batch, 1]: 0 for samples that take no expert and count in no loss.
   * @returns The caller disposes each of them.
   */
  forward(x: tf.Tensor2D, there: tf.Tensor2D, { topK, capacity = x.shape[0] }: RouterOptions): Routing {
    return tf.tidy(() => {
      const logits = this.projection.forward(x) as tf.Tensor2D; // [batch, experts]
      const probabilities = tf.mul(tf.softmax(logits), there);
      const [chosen, places] = choose(logits, there, topK, capacity);
      const ofChosen = tf.mul(probabilities, chosen!);
      const scale = topK === 1 ? 1 : tf.maximum(tf.sum(ofChosen, 1, true), 1e-12);
      const kept = tf.cast(tf.greaterEqual(places!, 0), 'float32');
      const samples = tf.maximum(tf.sum(there), 1);
      const share = tf.div(tf.sum(chosen!, 0), tf.mul(samples, topK)); // [experts]
      const mean = tf.div(tf.sum(probabilities, 0), samples); // [experts]
      const squares = tf.square(logSumExp(logits, 1, true)); // [batch, 1]
      return {
        gates: tf.mul(tf.div(ofChosen, scale), kept) as tf.Tensor2D,
        places: places!,
        balanceLoss: tf.mul(this.numExperts, tf.sum(tf.mul(share, mean))) as tf.Scalar,
        zLoss: tf.div(tf.sum(tf.mul(squares, there)), samples) as tf.Scalar,
      };
    });
  }
}

/** Which experts each sample chooses, 0 or 1, and the places it gets: [batch, experts] both. No gradient flows through. */
function choose(logits: tf.Tensor2D, there: tf.Tensor2D, topK: number, capacity: number): tf.Tensor2D[] {
  const [batch, experts] = logits.shape;
  return customOp<tf.Tensor2D[]>(
    {},
    () => {
      let left = logits;
      let chosen: tf.Tensor2D = tf.zeros([batch, experts]);
      let places: tf.Tensor2D = tf.fill([batch, experts], -1);
      for (let k = 0; k < topK; k++) {
        const best = tf.cast(tf.oneHot(tf.argMax(left, 1) as tf.Tensor1D, experts), 'float32');
        const choice = tf.mul(best, there) as tf.Tensor2D;
        const before = tf.add(tf.cumsum(choice, 0, true), tf.sum(chosen, 0)); // how many came first
        const free = tf.mul(choice, tf.cast(tf.less(before, capacity), 'float32'));
        places = tf.add(places, tf.mul(free, tf.add(before, 1)));
        chosen = tf.add(chosen, choice);
        left = tf.sub(left, tf.mul(best, 1e30));
      }
      return [chosen, places];
    },
    () => ({}),
  );
}
