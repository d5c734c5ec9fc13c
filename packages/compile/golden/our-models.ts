import type { DynamicAxes, ONNXDType } from '@crossmodal/compile';
import { type Module, Rng } from '@crossmodal/core';
import { BertModel, CLIPVisionTransformer, ResNet } from '@crossmodal/encoders';
import * as tf from '@tensorflow/tfjs-core';

/** A model that is exported, with sizes that onnxruntime then runs it at; images are in the order of files there. */
export interface OurModel {
  module: Module & { forward(input: never): unknown };
  example: Record<string, tf.Tensor>;
  dynamicAxes: DynamicAxes;
  channelsFirst?: string[];
  dtypes: ONNXDType[];
}

const ids = (shape: [number, number], below: number) =>
  tf.tensor2d(
    new Int32Array(shape[0] * shape[1]).map((_, i) => (i * 7 + 1) % below),
    shape,
    'int32',
  );

/** Small models with weights that hide no mistake: none is 0 or 1. */
export function ourModels(): Record<string, OurModel> {
  const rng = new Rng(3);
  const bert = new BertModel({
    vocabSize: 40,
    hiddenSize: 32,
    intermediateSize: 48,
    numHiddenLayers: 1,
    numAttentionHeads: 2,
    maxPositionEmbeddings: 12,
    typeVocabSize: 2,
    hiddenAct: 'gelu',
    layerNormEps: 1e-12,
    hiddenDropoutProb: 0,
    initializerRange: 0.2,
    padTokenId: 0,
    rng,
  });
  const vision = new CLIPVisionTransformer({
    hiddenSize: 32,
    intermediateSize: 40,
    numHiddenLayers: 1,
    numAttentionHeads: 2,
    numChannels: 3,
    imageSize: 8,
    patchSize: 4,
    hiddenAct: 'quick_gelu',
    layerNormEps: 1e-5,
    rng,
  });
  const resnet = new ResNet({
    numChannels: 3,
    embeddingSize: 8,
    hiddenSizes: [8, 12],
    depths: [1, 1],
    layerType: 'basic',
    hiddenAct: 'relu',
    downsampleInFirstStage: false,
    downsampleInBottleneck: false,
    rng,
  });
  for (const module of [bert, vision, resnet]) {
    for (const [, parameter] of module.namedParameters()) {
      const { shape, size, dtype } = parameter.value;
      if (dtype !== 'float32') continue;
      const noise = tf.tensor(rng.normalArray(size, shape.length === 1 ? 1 : 0, 0.2), shape);
      parameter.assign(noise);
      noise.dispose();
    }
  }
  return {
    bert: {
      module: bert,
      example: { inputIds: ids([2, 6], 40), attentionMask: tf.ones([2, 6], 'int32') },
      dynamicAxes: { inputIds: { 0: 'batch', 1: 'sequence' }, attentionMask: { 0: 'batch', 1: 'sequence' } },
      dtypes: ['float32', 'float16', 'int8'],
    },
    vision: {
      module: vision,
      example: { pixelValues: tf.ones([2, 8, 8, 3]) },
      dynamicAxes: { pixelValues: { 0: 'batch' } },
      channelsFirst: ['pixelValues'],
      dtypes: ['float32', 'int8'],
    },
    resnet: {
      module: resnet,
      example: { pixelValues: tf.ones([2, 16, 24, 3]) },
      dynamicAxes: { pixelValues: { 0: 'batch' } },
      channelsFirst: ['pixelValues'],
      dtypes: ['float32', 'float16'],
    },
  };
}
