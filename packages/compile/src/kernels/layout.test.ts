import '@tensorflow/tfjs-backend-cpu';
import '@crossmodal/backend-onnx';
import { useBackend } from '@crossmodal/core';
import { beforeAll, describe, it } from 'vitest';
import { layoutCases } from '../testing/cases/layout';
import { expectCompiledEqual } from '../testing/compare';

describe('layout, compiled: as on the engine cpu', () => {
  beforeAll(() => useBackend('onnx'));
  it.each(layoutCases.map((tested) => [tested.name, tested] as const))('%s', (_, tested) => {
    expectCompiledEqual(tested);
  });
});
