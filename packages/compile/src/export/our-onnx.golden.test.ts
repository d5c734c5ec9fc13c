import '@crossmodal/backend-onnx';
import { snakeCase, useBackend } from '@crossmodal/core';
import { expectClose, readGolden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import { ourModels } from '../../golden/our-models';
import { flatten } from '../arguments';
import { toONNX } from './to-onnx';

const golden = readGolden(new URL('../../golden/our_onnx.safetensors', import.meta.url));
const TOLERANCES = { float32: 1e-5, float16: 2e-3, int8: 0.08 };

describe('files that Python checked and ran', () => {
  let models: ReturnType<typeof ourModels>;
  beforeAll(async () => {
    await useBackend('onnx');
    models = ourModels();
  });

  it.each(
    Object.entries({
      bert: ['float32', 'float16', 'int8'],
      vision: ['float32', 'int8'],
      resnet: ['float32', 'float16'],
    }).flatMap(([name, dtypes]) => dtypes.map((dtype) => [name, dtype as 'int8'] as const)),
  )(
    'computed from %s with weights of %s what the model does, and so does the file of now',
    async (name, dtype) => {
      const { module, example, dtypes, ...options } = models[name]!;
      expect(dtypes).toContain(dtype);
      const of = (value: string) => golden.array(`${name}-${dtype}.${value}`);
      const input = Object.fromEntries(
        Object.keys(example).map((key) => {
          const given = golden.tensor(`${name}-${dtype}.${snakeCase(key)}`);
          return [key, options.channelsFirst?.includes(key) ? tf.transpose(given, [0, 2, 3, 1]) : given];
        }),
      );
      const { tensors, paths } = flatten(module.forward(input as never), 'the result');

      const { model, report } = toONNX(module, example, { ...options, dtype });
      const session = await InferenceSession.create(model, { logSeverityLevel: 3 });
      const feeds = report.inputs.map(({ name, dtype }) => {
        const { values, shape } = of(name);
        const data = dtype === 'int64' ? BigInt64Array.from(values, BigInt) : (values as Float32Array);
        return [name, new Tensor(dtype as 'float32', data as Float32Array, shape)] as const;
      });
      const now = await session.run(Object.fromEntries(feeds));

      expect(tensors.length).toBe(report.outputs.length);
      for (const [i, tensor] of tensors.entries()) {
        const output = paths[i]!.map((part) => snakeCase(String(part))).join('.');
        const { values, shape } = of(output);
        expect(shape, output).toEqual(tensor.shape);
        const largest = (values as Float32Array).reduce((most, x) => Math.max(most, Math.abs(x)), 0);
        expectClose(tensor, values, { absolute: TOLERANCES[dtype] * largest });
        // The same arithmetic, but for what another version of the runtime does otherwise.
        const absolute = (dtype === 'int8' ? 0.01 : 1e-5) * largest;
        expectClose(now[output]!.data as Float32Array, values, { absolute });
      }
    },
  );
});
