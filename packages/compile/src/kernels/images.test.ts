import '@tensorflow/tfjs-backend-cpu';
import '@crossmodal/backend-onnx';
import { useBackend } from '@crossmodal/core';
import { beforeAll, describe, it } from 'vitest';
import { imageCases } from '../testing/cases/images';
import { expectCompiledEqual } from '../testing/compare';

describe('images, compiled: as on the engine cpu', () => {
  beforeAll(() => useBackend('onnx'));
  it.each(imageCases.map((tested) => [tested.name, tested] as const))('%s', (_, tested) => {
    expectCompiledEqual(tested);
  });
});
