import { ConfigError, type ForwardContext, Module, ModuleList } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { assertCodesPerPosition, assertSize, assertVectors } from './check-inputs';
import type { Quantizer, QuantizerOutput } from './quantizer';
import { ResidualQuantizer, type ResidualQuantizerConfig } from './residual-quantizer';

export interface GroupedResidualQuantizerConfig {
  numGroups: number;
  /** Stages of each group. */
  numQuantizers: number;
  /** The quantizer of a group and stage, both counted from 0; its `dim` is that of the vectors / numGroups. */
  createQuantizer: (group: number, stage: number) => Quantizer;
  /** As {@link ResidualQuantizerConfig} has it. */
  gradientEstimator?: ResidualQuantizerConfig['gradientEstimator'];
}

/**
 * Vectors cut into groups of dimensions, each with a {@link ResidualQuantizer} of its own. Yang et al. 2023
 * ("HiFi-Codec"). Losses and perplexity are the means of the groups'.
 *
 * @example
 * const quantizer = new GroupedResidualQuantizer({
 *   numGroups: 2,
 *   numQuantizers: 4,
 *   createQuantizer: () => new EMAVectorQuantizer({ codebookSize: 1024, dim: 64, rng }),
 * });
 * const { codebookIndices } = quantizer.forward(x); // x [batch, length, 128], indices [batch, length, 8]
 */
export class GroupedResidualQuantizer extends Module implements Quantizer {
  readonly groups: ModuleList<ResidualQuantizer>;
  readonly dim: number;
  readonly codebookSize: number;
  readonly codesPerPosition: number;

  constructor({
    numGroups,
    numQuantizers,
    createQuantizer,
    gradientEstimator,
  }: GroupedResidualQuantizerConfig) {
    super();
    assertSize(numGroups, 'GroupedResidualQuantizer: numGroups');
    const groups = Array.from({ length: numGroups }, (_, group) => {
      const create = (stage: number) => createQuantizer(group, stage);
      return new ResidualQuantizer({ numQuantizers, createQuantizer: create, gradientEstimator });
    });
    const { dim, codebookSize } = groups[0]!;
    for (const [i, group] of groups.entries()) {
      if (group.dim === dim && group.codebookSize === codebookSize) continue;
      throw new ConfigError(
        `GroupedResidualQuantizer: createQuantizer: expected dim ${dim} and codebookSize ${codebookSize}, ` +
          `received ${group.dim} and ${group.codebookSize} in group ${i}.`,
      );
    }
    this.groups = new ModuleList(groups);
    this.dim = dim * numGroups;
    this.codebookSize = codebookSize;
    this.codesPerPosition = numGroups * numQuantizers;
  }

  /** As {@link Quantizer} says; `codebookIndices` int32 [..., numGroups * numQuantizers], group by group. */
  forward(x: tf.Tensor, context?: ForwardContext): QuantizerOutput {
    assertVectors(x, this.dim, 'GroupedResidualQuantizer');
    const { groups } = this;
    return tf.tidy(() => {
      const parts = tf.split(x, groups.length, -1);
      const outputs = [...groups].map((group, i) => group.forward(parts[i]!, context));
      const mean = (values: tf.Scalar[]) => tf.div(tf.addN(values), values.length) as tf.Scalar;
      const joined = (tensors: tf.Tensor[]) => tf.concat(tensors, -1);
      return {
        quantized: joined(outputs.map((output) => output.quantized)),
        codebookIndices: joined(outputs.map((output) => output.codebookIndices)),
        loss: mean(outputs.map((output) => output.loss)),
        codebookLoss: mean(outputs.map((output) => output.codebookLoss)),
        commitmentLoss: mean(outputs.map((output) => output.commitmentLoss)),
        perplexity: mean(outputs.map((output) => output.perplexity)),
      };
    });
  }

  /** @param codebookIndices int32 [..., numGroups * numQuantizers] */
  decode(codebookIndices: tf.Tensor): tf.Tensor {
    assertCodesPerPosition(codebookIndices, this.codesPerPosition, 'GroupedResidualQuantizer');
    return tf.tidy(() => {
      const parts = tf.split(codebookIndices, this.groups.length, -1);
      return tf.concat(
        [...this.groups].map((group, i) => group.decode(parts[i]!)),
        -1,
      );
    });
  }
}
