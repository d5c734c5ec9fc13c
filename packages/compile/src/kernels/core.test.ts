import '@tensorflow/tfjs-backend-cpu';
import '@crossmodal/backend-onnx';
import { useBackend } from '@crossmodal/core';
import { describe, it } from 'vitest';
import { coreCases } from '../testing/cases/core';
import { expectCompiledEqual } from '../testing/compare';

await useBackend('onnx');

describe("core's operations, compiled: as they are composed on the engine cpu", () => {
  it.each(coreCases().map((tested) => [tested.name, tested] as const))('%s', (_, tested) => {
    expectCompiledEqual(tested);
  });
});
