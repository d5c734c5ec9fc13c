import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import {
  hostTensorFromValues,
  hostTensorValues,
  Parameter,
  type StateDict,
  valueAndGrad,
} from '@crossmodal/core';
import { expectClose, type Golden, readGolden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import type { Fusion } from '../fusion';
import type { ModalityInputs } from '../modality-inputs';

/** What `golden/shared/fusion_case.py` wrote: the sizes of its modalities. */
export const GOLDEN_MODALITIES = { text: 5, image: 6, audio: 7 };

/**
 * Fails unless a strategy with the weights of a fixture gives its output, its shares and the gradient of every
 * parameter, on two engines. The reference computes each sample by itself, from what is there alone.
 *
 * @param name The recipe in `golden/`.
 * @param prefix Where the recipe has several cases.
 */
export async function expectGoldenFusion(name: string, fusion: Fusion, prefix = ''): Promise<void> {
  for (const engine of ['cpu', 'onnx']) {
    await tf.setBackend(engine);
    await expectGolden(name, fusion, prefix);
  }
}

async function expectGolden(name: string, fusion: Fusion, prefix: string): Promise<void> {
  const golden = readGolden(new URL(`../../golden/${name}.safetensors`, import.meta.url));
  fusion.loadStateDict(state(golden, `${prefix}state.`));
  const stored = (key: string) => golden.tensor(`${prefix}${key}`);
  const inputs: ModalityInputs = Object.fromEntries(
    fusion.modalities.map((modality) => {
      const [features, mask] = [stored(modality), stored(`${modality}.mask`)];
      return [modality, { features: features as tf.Tensor3D, mask: mask as tf.Tensor2D }];
    }),
  );

  const { fused, weights } = fusion.forward(inputs);
  expect(fused.shape).toEqual(stored('fused').shape);
  expectClose(fused, stored('fused'), { absolute: 1e-4, relative: 1e-4 });
  if (weights) expectClose(weights, stored('weights'), { absolute: 1e-4, relative: 1e-4 });

  const parameters = fusion.namedParameters();
  const loss = () =>
    tf.sum(tf.mul(fusion.forward(inputs, { training: true }).fused, stored('dy'))) as tf.Scalar;
  const { gradients } = valueAndGrad(loss, parameters);
  const expected = state(golden, `${prefix}grad.`);
  expect([...gradients.keys()].sort()).toEqual(Object.keys(expected).sort());
  for (const [key, gradient] of gradients) {
    const host = await new Parameter(gradient, { layout: parameters.get(key)!.layout }).toHost();
    expect(host.shape).toEqual(expected[key]!.shape);
    const [actual, right] = [host, expected[key]!].map((tensor) => hostTensorValues(tensor, 'float32'));
    expectClose(actual!, right!, { absolute: 2e-4, relative: 1e-3 });
  }
}

function state(golden: Golden, prefix: string): StateDict {
  const keys = golden.names.filter((key) => key.startsWith(prefix));
  return Object.fromEntries(
    keys.map((key) => {
      const { values, shape } = golden.array(key);
      return [
        key.slice(prefix.length),
        hostTensorFromValues(values, shape, values instanceof Float32Array ? 'F32' : 'I64'),
      ];
    }),
  );
}
