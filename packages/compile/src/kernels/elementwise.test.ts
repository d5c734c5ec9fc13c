import '@tensorflow/tfjs-backend-cpu';
import '@crossmodal/backend-onnx';
import { useBackend } from '@crossmodal/core';
import { beforeAll, describe, it } from 'vitest';
import { elementwiseCases } from '../testing/cases/elementwise';
import { expectCompiledEqual } from '../testing/compare';

describe('elementwise, compiled: as on the engine cpu', () => {
  beforeAll(() => useBackend('onnx'));
  it.each(elementwiseCases.map((tested) => [tested.name, tested] as const))('%s', (_, tested) => {
    expectCompiledEqual(tested);
  });
});
