import {
  type AttentionInputs,
  checkpointedBlock,
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

/** What transformers' configurations say about their blocks. */
export interface TransformerEncoderConfig {
  hiddenSize: number;
  intermediateSize: number;
  numHiddenLayers: number;
  numAttentionHeads: number;
  hiddenAct: HiddenAct;
  layerNormEps: number;
  /** Rate of dropout at the end of both halves of a block, in training. Default 0. */
  hiddenDropoutProb?: number | undefined;
  /** Whether queries, keys and values have biases. Default true. */
  qkvBias?: boolean | undefined;
}

export interface TransformerEncoderOptions {
  /** Normalise before each half of a block (`pre`, the default) or after adding it (`post`). */
  normPosition?: 'pre' | 'post' | undefined;
  /** Gives the weights their first values. Default: OpenAI's, by width and depth. */
  initialize?: ((encoder: TransformerEncoder, rng: Rng) => void) | undefined;
}

/** Transformer blocks, one after the other: the middle of every tower here. */
export class TransformerEncoder extends Module {
  readonly layers: ModuleList<TransformerBlock>;

  constructor(
    config: TransformerEncoderConfig,
    rng: Rng,
    { normPosition, initialize = initializeAsOpenAI }: TransformerEncoderOptions = {},
  ) {
    super();
    const block = () =>
      new TransformerBlock({
        hiddenSize: config.hiddenSize,
        intermediateSize: config.intermediateSize,
        numHeads: config.numAttentionHeads,
        activation: ACTIVATIONS[config.hiddenAct],
        epsilon: config.layerNormEps,
        normPosition,
        qkvBias: config.qkvBias,
        dropout: config.hiddenDropoutProb,
        activationDropout: 0,
        rng,
      });
    this.layers = new ModuleList(Array.from({ length: config.numHiddenLayers }, block));
    initialize(this, rng);
  }

  /** [batch, length, hiddenSize] to the same; the caller disposes it. */
  forward(x: tf.Tensor3D, inputs: AttentionInputs, context?: ForwardContext): tf.Tensor3D {
    return tf.tidy(() => this.hiddenStates(x, inputs, context).at(-1)!);
  }

  /** What goes into the first block and what comes out of each, as transformers counts; the caller disposes them. */
  hiddenStates(x: tf.Tensor3D, inputs: AttentionInputs, context?: ForwardContext): tf.Tensor3D[] {
    return tf.tidy(() => {
      const states = [tf.clone(x)];
      for (const layer of this.layers) states.push(checkpointedBlock(layer, states.at(-1)!, inputs, context));
      return states;
    });
  }
}

/** As CLIP starts: Radford et al. 2021, in its published code. */
function initializeAsOpenAI(encoder: TransformerEncoder, rng: Rng): void {
  const hiddenSize = encoder.layers.at(0)?.selfAttn.qProj.weight.shape[0] ?? 1;
  const widthStd = hiddenSize ** -0.5;
  const depthStd = widthStd * (2 * encoder.layers.length) ** -0.5;
  for (const [key, parameter] of encoder.namedParameters()) {
    if (/(q_proj|k_proj|v_proj|fc2)\.weight$/.test(key)) initialize(parameter, depthStd, rng);
    else if (key.endsWith('out_proj.weight')) initialize(parameter, widthStd, rng);
    else if (key.endsWith('fc1.weight')) initialize(parameter, (2 * hiddenSize) ** -0.5, rng);
    else if (/(proj|fc1|fc2)\.bias$/.test(key)) parameter.assign(tf.zeros(parameter.shape));
  }
}

/** Sets a parameter to values from N(0, std²). */
export function initialize(parameter: Parameter, std: number, rng: Rng): void {
  parameter.assign(normal(parameter.shape, rng, 0, std));
}
