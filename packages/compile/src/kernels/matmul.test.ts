import '@tensorflow/tfjs-backend-cpu';
import '@crossmodal/backend-onnx';
import { useBackend } from '@crossmodal/core';
import { beforeAll, describe, it } from 'vitest';
import { matmulCases } from '../testing/cases/matmul';
import { expectCompiledEqual } from '../testing/compare';

describe('matmul, compiled: as on the engine cpu', () => {
  beforeAll(() => useBackend('onnx'));
  it.each(matmulCases.map((tested) => [tested.name, tested] as const))('%s', (_, tested) => {
    expectCompiledEqual(tested);
  });
});
