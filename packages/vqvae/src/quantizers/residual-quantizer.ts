import { ConfigError, type ForwardContext, Module, ModuleList, stopGradient } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { assertCodesPerPosition, assertSize, assertVectors } from './check-inputs';
import { assertGradientEstimator, type GradientEstimator, passGradient } from './pass-gradient';
import type { Quantizer, QuantizerOutput } from './quantizer';

export interface ResidualQuantizerConfig {
  /** Number of stages. */
  numQuantizers: number;
  /** The quantizer of a stage, counted from 0: one code for a position, all of one `dim` and `codebookSize`. */
  createQuantizer: (stage: number) => Quantizer;
  /**
   * How the gradient of the sum reaches the vectors: as one code's would (see {@link GradientEstimator}), or through
   * each stage, `stages`, which stages need that learn through `quantized` (projections, {@link GumbelQuantizer}).
   * Default `straightThrough`.
   */
  gradientEstimator?: GradientEstimator | 'stages' | undefined;
}

/**
 * A sum of codes: each stage quantizes what those before it left over. Zeghidour et al. 2021 ("SoundStream"), algorithm
 * 1; Lee et al. 2022 ("RQ-VAE"), section 3.1.
 *
 * The stages' losses are added, and each moves the vectors. `perplexity` is the mean of the stages'. With `stages`, the
 * gradient of a stage's commitment passes those before it, as in EnCodec and DAC: with straight-through stages nothing
 * of it is left, and the first stage alone commits the encoder.
 *
 * Stages should learn their codes: those of {@link FSQ} and {@link LFQ} do not shrink as what is left over does.
 *
 * @example
 * const quantizer = new ResidualQuantizer({
 *   numQuantizers: 4,
 *   createQuantizer: () => new EMAVectorQuantizer({ codebookSize: 1024, dim: 128, rng }),
 * });
 * const { codebookIndices } = quantizer.forward(x); // x [batch, length, 128], indices [batch, length, 4]
 */
export class ResidualQuantizer extends Module implements Quantizer {
  readonly layers: ModuleList<Quantizer>;
  readonly dim: number;
  readonly codebookSize: number;
  readonly codesPerPosition: number;
  private readonly gradientEstimator: GradientEstimator | 'stages';

  constructor({
    numQuantizers,
    createQuantizer,
    gradientEstimator = 'straightThrough',
  }: ResidualQuantizerConfig) {
    super();
    assertSize(numQuantizers, 'ResidualQuantizer: numQuantizers');
    if (gradientEstimator !== 'stages') assertGradientEstimator(gradientEstimator, 'ResidualQuantizer');
    const layers = Array.from({ length: numQuantizers }, (_, stage) => createQuantizer(stage));
    const { dim, codebookSize } = layers[0]!;
    for (const [stage, layer] of layers.entries()) {
      if (layer.dim === dim && layer.codebookSize === codebookSize && layer.codesPerPosition === 1) continue;
      throw new ConfigError(
        `ResidualQuantizer: createQuantizer: expected dim ${dim}, codebookSize ${codebookSize} and one code for a ` +
          `position, received ${layer.dim}, ${layer.codebookSize} and ${layer.codesPerPosition} at stage ${stage}.`,
      );
    }
    this.layers = new ModuleList(layers);
    this.dim = dim;
    this.codebookSize = codebookSize;
    this.codesPerPosition = numQuantizers;
    this.gradientEstimator = gradientEstimator;
  }

  /** As {@link Quantizer} says; `codebookIndices` int32 [..., numQuantizers]. */
  forward(x: tf.Tensor, context?: ForwardContext): QuantizerOutput {
    assertVectors(x, this.dim, 'ResidualQuantizer');
    const { gradientEstimator } = this;
    return tf.tidy(() => {
      const outputs: QuantizerOutput[] = [];
      let residual = x;
      for (const layer of this.layers) {
        const output = layer.forward(residual, context);
        outputs.push(output);
        const { quantized } = output;
        residual = tf.sub(residual, gradientEstimator === 'stages' ? quantized : stopGradient(quantized));
      }
      const sum = tf.addN(outputs.map(({ quantized }) => quantized));
      return {
        ...combined(outputs),
        quantized: gradientEstimator === 'stages' ? sum : passGradient(x, sum, gradientEstimator),
      };
    });
  }

  /** @param codebookIndices int32 [..., numQuantizers] */
  decode(codebookIndices: tf.Tensor): tf.Tensor {
    assertCodesPerPosition(codebookIndices, this.codesPerPosition, 'ResidualQuantizer');
    return tf.tidy(() => {
      const ofStages = tf.unstack(codebookIndices, -1);
      return tf.addN([...this.layers].map((layer, stage) => layer.decode(ofStages[stage]!)));
    });
  }
}

/** Losses added, perplexities averaged, indices side by side. */
function combined(outputs: QuantizerOutput[]): Omit<QuantizerOutput, 'quantized'> {
  const sum = (losses: tf.Scalar[]) => tf.addN(losses) as tf.Scalar;
  return {
    codebookIndices: tf.stack(
      outputs.map((output) => output.codebookIndices),
      -1,
    ),
    loss: sum(outputs.map((output) => output.loss)),
    codebookLoss: sum(outputs.map((output) => output.codebookLoss)),
    commitmentLoss: sum(outputs.map((output) => output.commitmentLoss)),
    perplexity: tf.div(sum(outputs.map((output) => output.perplexity)), outputs.length) as tf.Scalar,
  };
}
