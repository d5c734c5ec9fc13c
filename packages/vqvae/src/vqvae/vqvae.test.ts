import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { Rng, valueAndGrad, ZeroRng } from '@crossmodal/core';
import { type FileContents, filesInMemory } from '@crossmodal/hub';
import { expectClose, expectNoLeak, readGolden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectGradients, expectNear, goldenUrl, readJson } from '../../test/golden-images';
import { VectorQuantizer } from '../quantizers/vector-quantizer';
import { ConvDecoder, ConvEncoder } from './conv-coders';
import { PatchDecoder, PatchEncoder } from './patch-coders';
import { VQVAE } from './vqvae';

const golden = readGolden(goldenUrl('vqvae.safetensors'));
const pixels = () => golden.tensor('pixels') as tf.Tensor4D;
const load = (name: string) =>
  VQVAE.fromPretrained(
    filesInMemory({
      'config.json': readFileSync(goldenUrl(`tiny-vqvae-${name}/config.json`), 'utf8'),
      'model.safetensors': new Uint8Array(readFileSync(goldenUrl(`tiny-vqvae-${name}/model.safetensors`))),
    }),
  );
const inMemory = (files: FileContents) =>
  filesInMemory(
    Object.fromEntries(
      Object.entries(files).map(([path, content]) => [
        path,
        Array.isArray(content) ? new Uint8Array(Buffer.concat(content)) : (content as string),
      ]),
    ),
  );

describe.each(['cpu', 'onnx'])('VQVAE on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  it.each(['patch', 'conv'])('%s: computes what the same layers compute in PyTorch', async (name) => {
    const vqvae = await load(name);
    const codes = vqvae.encode(pixels());
    expect(codes.shape).toEqual([2, 4, 3]);
    expect(codes.dataSync()).toEqual(golden.tensor(`${name}.eval.indices`).dataSync());
    expectNear(vqvae.decode(codes), golden.tensor(`${name}.eval.reconstruction`));
    const parameters = vqvae.namedParameters();
    for (const mode of ['eval', 'train']) {
      const of = (key: string) => golden.tensor(`${name}.${mode}.${key}`);
      const { value, gradients } = valueAndGrad(() => {
        const output = vqvae.forward(pixels(), { training: mode === 'train' });
        expectNear(output.reconstruction, of('reconstruction'));
        expect(output.codebookIndices.dataSync()).toEqual(of('indices').dataSync());
        expectClose(output.codebookLoss, of('codebook_loss'), { relative: 1e-4 });
        expectClose(output.commitmentLoss, of('commitment_loss'), { relative: 1e-4 });
        expectClose(output.perplexity, of('perplexity'), { relative: 1e-4 });
        return output.loss;
      }, parameters);
      expectClose(value, of('loss'), { relative: 1e-4 });
      expectGradients(golden, `${name}.${mode}.grad.`, gradients, parameters);
    }
  });
});

describe('VQVAE', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it('writes a configuration and weights that it reads', async () => {
    const vqvae = await load('conv');
    const files = await vqvae.toFiles();
    expect(JSON.parse(files['config.json'] as string)).toEqual(readJson('tiny-vqvae-conv/config.json'));
    const again = await VQVAE.fromPretrained(inMemory(files));
    expect(await again.stateDict()).toEqual(await vqvae.stateDict());
    expect([...again.namedParameters().keys()]).toContain('encoder.blocks.1.conv2.weight');
    expect(again).toMatchObject({ codebookSize: 9, downsampling: 4 });
  });

  it('is built from a configuration', () => {
    const coder = { type: 'patch', patch_size: 8, hidden_size: 16 };
    const config = { encoder: coder, quantizer: { type: 'ema', codebook_size: 7, dim: 3 }, decoder: coder };
    const vqvae = VQVAE.fromConfig(config, { rng: new Rng(1) });
    const { reconstruction, codebookIndices } = vqvae.forward(tf.zeros([1, 16, 24, 3]), { training: true });
    expect(reconstruction.shape).toEqual([1, 16, 24, 3]);
    expect(codebookIndices.shape).toEqual([1, 2, 3]);
  });

  it.each([
    ['vector', { codebook_size: 7, dim: 4 }],
    ['ema', { codebook_size: 7, dim: 4 }],
    ['cosine', { codebook_size: 7, dim: 4, codebook_dim: 2 }],
    ['sim', { codebook_size: 7, dim: 4 }],
    ['gumbel', { codebook_size: 7, dim: 4 }],
    ['fsq', { levels: [5, 3] }],
    ['lfq', { codebook_size: 8 }],
    ['residual', { num_quantizers: 2, quantizer: { type: 'vector', codebook_size: 7, dim: 4 } }],
    ['multi_head', { num_heads: 2, quantizer: { type: 'ema', codebook_size: 7, dim: 2 } }],
  ])('learns, decodes and is saved with a quantizer of type %s', async (type, options) => {
    const rng = new Rng(1);
    const coder = { type: 'patch', hidden_size: 8, num_residual_blocks: 0 };
    const config = { encoder: coder, quantizer: { type, ...options }, decoder: coder };
    const vqvae = VQVAE.fromConfig(config, { rng });
    const { gradients } = valueAndGrad(
      () => vqvae.forward(pixels(), { training: true, rng }).loss,
      vqvae.namedParameters(),
    );
    expect([...gradients.keys()].sort()).toEqual([...vqvae.trainableParameters().keys()].sort());
    expectClose(vqvae.decode(vqvae.encode(pixels())), vqvae.forward(pixels()).reconstruction);
    const again = await VQVAE.fromPretrained(inMemory(await vqvae.toFiles()));
    expect(await again.stateDict()).toEqual(await vqvae.stateDict());
  });

  it('leaks nothing', async () => {
    for (const name of ['patch', 'conv']) {
      const vqvae = await load(name);
      const x = pixels();
      const codes = vqvae.encode(x);
      expectNoLeak(() => tf.dispose({ ...vqvae.forward(x, { training: true }) }));
      expectNoLeak(() => tf.dispose(vqvae.encode(x)));
      expectNoLeak(() => tf.dispose(vqvae.decode(codes)));
    }
  });

  it('says what is wrong', async () => {
    const vqvae = await load('patch');
    expect(() => vqvae.encode(tf.zeros([1, 16, 18, 3]))).toThrow(
      'VQVAE: pixels: expected sides that are multiples of 4, received 16 x 18. Resize or pad the pictures.',
    );
    expect(() => vqvae.encode(tf.zeros([1, 16, 16, 1]))).toThrow(
      'VQVAE: pixels: expected shape [?, ?, ?, 3], received [1, 16, 16, 1]. Pictures are [batch, height, width, 3].',
    );
    const rng = new ZeroRng();
    expect(() => VQVAE.fromConfig({ encoder: { type: 'vit' } }, { rng })).toThrow(
      'VQVAE.fromConfig: encoder.type: expected one of conv, patch, received "vit".',
    );
    expect(() => VQVAE.fromConfig({}, { rng })).toThrow(
      'VQVAE.fromConfig: encoder: expected an object, received undefined.',
    );
    const coder = { type: 'patch' };
    const nested = { type: 'residual', quantizer: { type: 'vq' } };
    expect(() => VQVAE.fromConfig({ encoder: coder, quantizer: nested }, { rng })).toThrow(
      'VQVAE.fromConfig: quantizer.quantizer.type: expected one of vector, ema, cosine, ',
    );
    const bad = { encoder: { type: 'conv', hidden_size: 0 } };
    expect(() => VQVAE.fromConfig(bad, { rng })).toThrow(
      'VQVAE.fromConfig: encoder.hidden_size: expected an integer of at least 1, received 0.',
    );
    expect(() => new PatchEncoder({ patchSize: 6, rng })).toThrow(
      'PatchEncoder: patchSize: expected a power of two, at least 2, received 6.',
    );
    expect(() => new PatchDecoder({ patchSize: 8, hiddenSize: 6, rng })).toThrow(
      'PatchDecoder: hiddenSize: expected a multiple of 4 (patchSize / 2), received 6.',
    );
    const quantizer = new VectorQuantizer({ codebookSize: 2, dim: 3, rng });
    const sizes = { hiddenSize: 4, rng };
    const composed = new VQVAE({
      encoder: new ConvEncoder(sizes),
      decoder: new ConvDecoder(sizes),
      quantizer,
      rng,
    });
    await expect(composed.toFiles()).rejects.toThrow(
      'VQVAE.toFiles: this model was built from parts, which no config.json describes. ' +
        'Build it by VQVAE.fromConfig, or save its stateDict().',
    );
  });
});
