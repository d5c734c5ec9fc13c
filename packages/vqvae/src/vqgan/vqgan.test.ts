import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { hostTensorFromValues, Rng, serializeSafetensors, valueAndGrad } from '@crossmodal/core';
import { filesInMemory } from '@crossmodal/hub';
import { expectClose, expectNoLeak, readGolden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectGradients, expectNear, goldenUrl, readJson } from '../../test/golden-images';
import { upsampleNearest } from './upsample-nearest';
import { VQGAN } from './vqgan';
import { readVQGANConfig } from './vqgan-config';

const golden = readGolden(goldenUrl('vqgan.safetensors'));
const pixels = () => golden.tensor('pixels') as tf.Tensor4D;
const folder = (name: string, weights: string) =>
  filesInMemory({
    'config.json': readFileSync(goldenUrl(`${name}/config.json`), 'utf8'),
    [weights]: new Uint8Array(readFileSync(goldenUrl(`${name}/${weights}`))),
  });
const taming = () => VQGAN.fromPretrained(folder('tiny-vqgan', 'last.ckpt'));
const flax = () => VQGAN.fromPretrained(folder('tiny-vqgan-flax', 'flax_model.msgpack'));

describe.each(['cpu', 'onnx'])('VQGAN with published weights, on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  it.each([
    ['taming-transformers', taming],
    ["dalle-mini's", flax],
  ])('%s: encodes, decodes and learns as the reference', async (_name, load) => {
    const vqgan = await load();
    const codes = vqgan.encode(pixels());
    expect(codes.shape).toEqual([2, 4, 6]);
    expect(codes.dataSync()).toEqual(golden.tensor('indices').dataSync());
    expectNear(vqgan.decode(codes), golden.tensor('reconstruction'));
    const direction = golden.tensor('direction');
    const quantizerLoss = golden.tensor('quantizer_loss');
    const parameters = vqgan.namedParameters();
    const { gradients } = valueAndGrad(() => {
      const { reconstruction, loss, reconstructionLoss } = vqgan.forward(pixels(), { training: true });
      expectNear(reconstruction, golden.tensor('reconstruction'));
      const ofQuantizer = tf.sub(loss, reconstructionLoss);
      expectClose(ofQuantizer, quantizerLoss, { absolute: 1e-4 });
      return tf.add(tf.sum(tf.mul(reconstruction, direction)), tf.mul(ofQuantizer, 10)) as tf.Scalar;
    }, parameters);
    expectGradients(golden, 'grad.', gradients, parameters);
    expect(gradients.size).toBe(parameters.size);
  });
});

describe('VQGAN', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it("writes taming-transformers' names, and reads what it wrote", async () => {
    const vqgan = await flax();
    const files = await vqgan.toFiles();
    const config = JSON.parse(files['config.json'] as string);
    expect(config).toMatchObject({
      model_type: 'VQGAN',
      ch: 4,
      ch_mult: [1, 2, 2],
      n_embed: 11,
      double_z: false,
    });
    const weights = Buffer.concat(files['model.safetensors'] as Uint8Array[]);
    const again = await VQGAN.fromPretrained(
      filesInMemory({ 'config.json': files['config.json'] as string, 'model.safetensors': weights }),
    );
    expect(await again.stateDict()).toEqual(await (await taming()).stateDict());
    expect([...again.namedParameters().keys()]).toContain('encoder.down.1.attn.1.q.weight');
    expect([...again.namedParameters().keys()]).toContain('quantize.embedding.weight');
  });

  it("is a GumbelVQ where the file is of taming-transformers' GumbelVQ", async () => {
    const { model } = readJson('tiny-vqgan/config.json');
    const vqgan = VQGAN.fromConfig(
      { model: { ...model, target: 'taming.models.vqgan.GumbelVQ' } },
      { rng: new Rng(0) },
    );
    const state = await (await taming()).stateDict();
    const { 'quantize.embedding.weight': codes, ...rest } = state;
    const gumbel = {
      'quantize.embed.weight': codes!,
      'quantize.proj.weight': hostTensorFromValues(golden.array('gumbel_proj').values, [11, 5, 1, 1], 'F32'),
      'quantize.proj.bias': hostTensorFromValues(new Float32Array(11), [11], 'F32'),
    };
    vqgan.loadStateDict({ ...rest, ...gumbel });
    expect(vqgan.encode(pixels()).dataSync()).toEqual(golden.tensor('gumbel_indices').dataSync());
    const again = VQGAN.fromConfig(JSON.parse((await vqgan.toFiles())['config.json'] as string), {
      rng: new Rng(1),
    });
    again.loadStateDict(await vqgan.stateDict());
  });

  it("reads the codebook's other name, and keys under model.", async () => {
    const vqgan = await taming();
    const state = await vqgan.stateDict();
    const renamed = Object.entries(state).map(([key, value]) => [
      `model.${key.replace('quantize.embedding', 'quantize.embed')}`,
      value,
    ]);
    const other = await VQGAN.fromPretrained(
      filesInMemory({
        'config.json': readFileSync(goldenUrl('tiny-vqgan/config.json'), 'utf8'),
        'model.safetensors': serializeSafetensors(Object.fromEntries(renamed)),
      }),
    );
    expect(await other.stateDict()).toEqual(state);
  });

  it('upsamples as nearest neighbour, with its gradient', () => {
    const x = tf.randomNormal([2, 3, 4, 5], 0, 1, 'float32', 1) as tf.Tensor4D;
    expectClose(upsampleNearest(x), tf.image.resizeNearestNeighbor(x, [6, 8]), { absolute: 0, relative: 0 });
    const gradient = tf.grad((x: tf.Tensor) => tf.sum(upsampleNearest(x as tf.Tensor4D)))(x);
    expectClose(gradient, tf.fill(x.shape, 4));
  });

  it('leaks nothing', async () => {
    const vqgan = await taming();
    const x = pixels();
    const codes = vqgan.encode(x);
    expectNoLeak(() => tf.dispose({ ...vqgan.forward(x) }));
    expectNoLeak(() => tf.dispose(vqgan.encode(x)));
    expectNoLeak(() => tf.dispose(vqgan.decode(codes)));
  });

  it('says what is wrong', async () => {
    const vqgan = await taming();
    expect(() => vqgan.encode(tf.zeros([1, 16, 18, 3]))).toThrow(
      'VQGAN: pixels: expected sides that are multiples of 4, received 16 x 18. Resize or pad the pictures.',
    );
    expect(() => readVQGANConfig({ ch: 48 })).toThrow(
      'readVQGANConfig: ch_mult: expected multiples of ch (48) into 32 groups, received 1.',
    );
    expect(() => readVQGANConfig({ double_z: true })).toThrow(
      'readVQGANConfig: double_z: expected false, received true.',
    );
    const { model } = readJson('tiny-vqgan/config.json');
    expect(() =>
      readVQGANConfig({ model: { ...model, target: 'taming.models.cond_transformer.Net2NetTransformer' } }),
    ).toThrow(
      'readVQGANConfig: model.target: expected one of taming.models.vqgan.VQModel, taming.models.vqgan.GumbelVQ, ' +
        'received "taming.models.cond_transformer.Net2NetTransformer".',
    );
  });
});
