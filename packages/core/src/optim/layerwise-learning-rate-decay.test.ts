import '@tensorflow/tfjs-backend-cpu';
import { expectClose, useTestEngine } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { layerwiseLearningRateDecay, Module, ModuleList, Parameter, SGD } from '../index';

class Layer extends Module {
  readonly bias = new Parameter(tf.tensor1d([0]));
}

class Model extends Module {
  readonly embeddings = new Layer();
  readonly layers = new ModuleList(Array.from({ length: 11 }, () => new Layer()));
  readonly head = new Layer();
}

describe('layerwiseLearningRateDecay', () => {
  beforeAll(async () => {
    await useTestEngine();
  });

  it('layer i of n at decay^(n - i), embeddings at decay^(n + 1), the head whole', () => {
    const model = new Model();
    const groups = layerwiseLearningRateDecay(model, {
      decay: 0.5,
      layers: 'layers',
      before: ['embeddings'],
    });
    const parameters = model.namedParameters();
    const gradients = new Map([...parameters.keys()].map((key) => [key, tf.tensor1d([-1]) as tf.Tensor]));
    new SGD(model, { groups }).step(gradients, { learningRate: 1 });
    const moved = [...parameters.values()].map((parameter) => parameter.value.dataSync()[0]!);
    expectClose(moved, [0.5 ** 12, ...Array.from({ length: 11 }, (_, i) => 0.5 ** (11 - i)), 1], {
      absolute: 0,
      relative: 1e-6,
    });
  });

  it('says when there are no numbered layers', () => {
    const model = new Model();
    for (const layers of ['tower', 'head']) {
      expect(() => layerwiseLearningRateDecay(model, { decay: 0.5, layers })).toThrow(
        `layerwiseLearningRateDecay: layers: ${layers} has no numbered layers; give a path such as vision_model.encoder.layers.`,
      );
    }
  });
});
