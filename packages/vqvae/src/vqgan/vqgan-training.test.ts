import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { Adam, Rng, type StateDict, tensorReader } from '@crossmodal/core';
import { filesInMemory, loadWeights } from '@crossmodal/hub';
import { expectClose, expectNoLeak, readGolden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectGradients, expectNear, goldenUrl, readState } from '../../test/golden-images';
import { adaptiveWeight } from './adaptive-weight';
import { generatorLoss, hingeDiscriminatorLoss, vanillaDiscriminatorLoss } from './gan-losses';
import { PatchDiscriminator } from './patch-discriminator';
import { PerceptualLoss } from './perceptual-loss';
import { VGG16Features } from './vgg16-features';
import { VQGAN } from './vqgan';
import { vqganGradients } from './vqgan-gradients';
import { vqganStep } from './vqgan-step';

const golden = readGolden(goldenUrl('vqgan.safetensors'));
const rng = new Rng(0);
const pixels = () => golden.tensor('pixels') as tf.Tensor4D;
const weights = readState('tiny-vqgan-training.safetensors');
const below = (start: string): StateDict =>
  Object.fromEntries(
    Object.entries(weights)
      .filter(([key]) => key.startsWith(start))
      .map(([key, value]) => [key.slice(start.length), value]),
  );

function lpips() {
  const network = new VGG16Features({ channels: [4, 5, 6, 7, 8], rng });
  const loss = new PerceptualLoss({ network, rng });
  loss.loadStateDict(below('lpips.'));
  return loss;
}

function patchGAN() {
  const discriminator = new PatchDiscriminator({ hiddenSize: 3, numLayers: 2, rng });
  discriminator.loadStateDict(below('discriminator.'));
  return discriminator;
}

async function networks() {
  const model = await VQGAN.fromPretrained(
    filesInMemory({
      'config.json': readFileSync(goldenUrl('tiny-vqgan/config.json'), 'utf8'),
      'last.ckpt': new Uint8Array(readFileSync(goldenUrl('tiny-vqgan/last.ckpt'))),
    }),
  );
  return { model, discriminator: patchGAN(), perceptualLoss: lpips() };
}

const options = { step: 5, perceptualWeight: 0.7, discriminatorWeight: 0.8, codebookWeight: 1.5 };

describe.each(['cpu', 'onnx'])("VQGAN's training, on %s", (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  it("measures the lpips package's distance, and its gradient", () => {
    const loss = lpips();
    expectNear(loss.forward(pixels(), golden.tensor('other') as tf.Tensor4D), golden.tensor('lpips'));
    const gradient = tf.grad((x: tf.Tensor) => tf.sum(loss.forward(pixels(), x as tf.Tensor4D)));
    expectNear(gradient(golden.tensor('other')), golden.tensor('lpips_grad'), 1e-3);
    expect(loss.trainableParameters().size).toBe(0);
  });

  it('judges patches as the reference', () => {
    expectNear(patchGAN().forward(pixels()), golden.tensor('logits'));
  });

  it('computes the losses of both sides, and the adaptive weight', () => {
    const [real, fake] = [golden.tensor('real'), golden.tensor('fake')];
    expectClose(hingeDiscriminatorLoss(real, fake), golden.tensor('hinge'));
    expectClose(vanillaDiscriminatorLoss(real, fake), golden.tensor('vanilla'));
    expectClose(generatorLoss(fake), tf.neg(tf.mean(fake)));
    const weight = adaptiveWeight(golden.tensor('step.of_nll'), golden.tensor('step.of_gan'));
    expectClose(tf.mul(weight, 0.8), golden.tensor('step.weight'), { relative: 1e-4 });
    expectClose(adaptiveWeight(tf.ones([3]), tf.zeros([3])), 1e4);
  });

  it("has the gradients of taming-transformers' step", async () => {
    const { model, discriminator, perceptualLoss } = await networks();
    const result = vqganGradients({ model, discriminator, perceptualLoss }, pixels(), options);
    expectNear(result.reconstruction, golden.tensor('reconstruction'));
    expectClose(result.reconstructionLoss, golden.tensor('step.nll'), { relative: 1e-4 });
    expectClose(result.adversarialLoss, golden.tensor('step.adversarial'), {
      relative: 1e-4,
      absolute: 1e-5,
    });
    expectClose(result.adversarialWeight, golden.tensor('step.weight'), { relative: 1e-3 });
    expectClose(result.generator.value, golden.tensor('step.total'), { relative: 1e-4 });
    expectGradients(golden, 'step.grad.', result.generator.gradients, model.namedParameters());
    expect(result.generator.gradients.size).toBe(model.namedParameters().size);
    const ofDiscriminator = result.discriminator!;
    expectClose(ofDiscriminator.value, golden.tensor('step.discriminator'), { relative: 1e-4 });
    const parameters = discriminator.namedParameters();
    expectGradients(golden, 'step.discriminator_grad.', ofDiscriminator.gradients, parameters);
    for (const name of golden.names.filter((name) => name.startsWith('step.after.')))
      expectNear(parameters.get(name.slice('step.after.'.length))!.value, golden.tensor(name));
  });
});

describe('vqganStep', () => {
  beforeAll(async () => {
    await tf.setBackend('onnx');
  });

  it('updates both networks, and only the model before the discriminator starts; leaks nothing', async () => {
    const all = await networks();
    const optimizers = { generator: new Adam(all.model), discriminator: new Adam(all.discriminator) };
    const x = tf.slice(pixels(), [0, 0, 0, 0], [1, 16, 16, 3]);
    const before = await all.discriminator.stateDict();
    const first = await all.model.stateDict();
    const start = { ...options, learningRate: 1e-3, discriminatorStart: 6 };
    const early = vqganStep(all, optimizers, x, start);
    expect(early).toMatchObject({ adversarialLoss: 0, adversarialWeight: 0, discriminatorLoss: 0 });
    expect(early.reconstructionLoss).toBeGreaterThan(0);
    expect(await all.discriminator.stateDict()).toEqual(before);
    expect((await all.model.stateDict())['encoder.conv_in.weight']).not.toEqual(
      first['encoder.conv_in.weight'],
    );
    const late = vqganStep(all, optimizers, x, { ...start, step: 6 });
    expect(late.adversarialWeight).toBeGreaterThan(0);
    expect((await all.discriminator.stateDict())['main.0.weight']).not.toEqual(before['main.0.weight']);
    expectNoLeak(() => vqganStep(all, optimizers, x, { ...start, step: 7 }));
  });

  it('brings both losses of the generator down', async () => {
    const all = await networks();
    const optimizers = { generator: new Adam(all.model), discriminator: new Adam(all.discriminator) };
    const x = tf.slice(pixels(), [0, 0, 0, 0], [1, 16, 16, 3]);
    const losses = Array.from(
      { length: 8 },
      () => vqganStep(all, optimizers, x, { ...options, learningRate: 4e-3 }).reconstructionLoss,
    );
    expect(losses.at(-1)!).toBeLessThan(0.9 * losses[0]!);
  });

  it('says what is wrong', async () => {
    const all = await networks();
    all.model.freeze('decoder.conv_out');
    expect(() => vqganGradients(all, pixels(), options)).toThrow(
      "vqganGradients: model: expected the decoder's last layer trained, it is frozen.",
    );
    expect(() => new PatchDiscriminator({ numLayers: 0, rng })).toThrow(
      'PatchDiscriminator: numLayers: expected an integer from 1 to 8, received 0.',
    );
    expect(() => all.perceptualLoss.forward(tf.zeros([1, 16, 16, 3]), tf.zeros([1, 16, 8, 3]))).toThrow(
      'PerceptualLoss: others: expected shape [1, 16, 16, 3], received [1, 16, 8, 3].',
    );
  });
});

describe('PerceptualLoss', () => {
  it("takes torchvision's file and the lpips package's", async () => {
    const loss = new PerceptualLoss({ network: new VGG16Features({ channels: [4, 5, 6, 7, 8], rng }), rng });
    const reader = (state: StateDict) =>
      tensorReader('file', {}, new Map(Object.entries(state)), async ({ bytes }) => bytes);
    const state = below('lpips.');
    const of = (start: RegExp) =>
      Object.fromEntries(Object.entries(state).filter(([key]) => start.test(key)));
    const extra = { 'classifier.0.weight': Object.values(state)[0]! };
    await loadWeights(loss.network, reader({ ...of(/^features/), ...extra }), { ignore: [/^classifier/] });
    await loadWeights(loss.weights, reader(of(/^lin/)));
    expect(await loss.stateDict()).toEqual(await lpips().stateDict());
  });

  it("has VGG16's convolutions", () => {
    const keys = [...new VGG16Features({ channels: [1, 1, 1, 1, 1], rng }).namedParameters().keys()];
    expect(keys.filter((key) => key.endsWith('weight')).at(-1)).toBe('features.28.weight');
    expect(keys).toHaveLength(26);
  });
});
