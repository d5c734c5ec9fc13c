import {
  type AttentionInputs,
  type ForwardContext,
  Module,
  ModuleList,
  normal,
  type Parameter,
  type Rng,
  TransformerBlock,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { ACTIVATIONS, type HiddenAct } from './activation-names';

/** What both towers' configurations say about their blocks. */
export interface TransformerEncoderConfig {
  hiddenSize: number;
  intermediateSize: number;
  numHiddenLayers: number;
  numAttentionHeads: number;
  hiddenAct: HiddenAct;
  layerNormEps: number;
}

/** Pre-norm transformer blocks, one after the other, with OpenAI's first values: both towers' middle. */
export class TransformerEncoder extends Module {
  readonly layers: ModuleList<TransformerBlock>;

  constructor(config: TransformerEncoderConfig, rng: Rng) {
    super();
    const { hiddenSize, numHiddenLayers } = config;
    const block = () =>
      new TransformerBlock({
        hiddenSize,
        intermediateSize: config.intermediateSize,
        numHeads: config.numAttentionHeads,
        activation: ACTIVATIONS[config.hiddenAct],
        epsilon: config.layerNormEps,
        rng,
      });
    this.layers = new ModuleList(Array.from({ length: numHiddenLayers }, block));

    const widthStd = hiddenSize ** -0.5;
    const depthStd = widthStd * (2 * numHiddenLayers) ** -0.5;
    for (const [key, parameter] of this.namedParameters()) {
      if (/(q_proj|k_proj|v_proj|fc2)\.weight$/.test(key)) initialize(parameter, depthStd, rng);
      else if (key.endsWith('out_proj.weight')) initialize(parameter, widthStd, rng);
      else if (key.endsWith('fc1.weight')) initialize(parameter, (2 * hiddenSize) ** -0.5, rng);
      else if (/(proj|fc1|fc2)\.bias$/.test(key)) parameter.assign(tf.zeros(parameter.shape));
    }
  }

  /** [batch, length, hiddenSize] to the same; the caller disposes it. */
  forward(x: tf.Tensor3D, inputs: AttentionInputs, context?: ForwardContext): tf.Tensor3D {
    return tf.tidy(() =>
      [...this.layers].reduce((x, layer) => layer.forward(x, inputs, context), tf.clone(x)),
    );
  }
}

/** Sets a parameter to values from N(0, std²). */
export function initialize(parameter: Parameter, std: number, rng: Rng): void {
  parameter.assign(normal(parameter.shape, rng, 0, std));
}
