import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import { useBackend } from '@crossmodal/core';
import { beforeAll, describe, it } from 'vitest';
import { elementwiseCases } from '../testing/cases/elementwise';
import { layoutCases } from '../testing/cases/layout';
import { reduceCases } from '../testing/cases/reduce';
import { expectCompiledEqual } from '../testing/compare';

const recorded = new Set<string>();

describe('compiled kernels are equal to those of the engine cpu', () => {
  beforeAll(async () => {
    await useBackend('onnx');
  });
  describe.each(Object.entries({ elementwiseCases, reduceCases, layoutCases }))('%s', (_, list) => {
    it.each(list.map((tested) => [tested.name, tested] as const))('%s', (_, tested) => {
      expectCompiledEqual(tested, recorded);
    });
  });
});
