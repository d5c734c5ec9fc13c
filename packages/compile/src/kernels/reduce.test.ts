import '@tensorflow/tfjs-backend-cpu';
import '@crossmodal/backend-onnx';
import { useBackend } from '@crossmodal/core';
import { beforeAll, describe, it } from 'vitest';
import { reduceCases } from '../testing/cases/reduce';
import { expectCompiledEqual } from '../testing/compare';

describe('reduce, compiled: as on the engine cpu', () => {
  beforeAll(() => useBackend('onnx'));
  it.each(reduceCases.map((tested) => [tested.name, tested] as const))('%s', (_, tested) => {
    expectCompiledEqual(tested);
  });
});
