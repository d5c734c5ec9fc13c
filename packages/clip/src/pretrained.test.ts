import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSafetensors, Rng, serializeSafetensors, valueAndGrad } from '@crossmodal/core';
import { type FileContents, filesInMemory } from '@crossmodal/hub';
import { expectClose, type Golden, readGolden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLIP } from './clip';
import { clipLoss } from './clip-loss';
import { logitsPerImage } from './logits-per-image';
import { ResidualVisionEncoder } from './residual-vision-encoder';
import { sigLIPLoss } from './siglip-loss';

const golden = (name: string) => fileURLToPath(new URL(`../golden/${name}`, import.meta.url));
const families: Golden = readGolden(new URL('../golden/families.safetensors', import.meta.url));
const out = mkdtempSync(join(tmpdir(), 'clip-pretrained-'));
afterAll(() => rmSync(out, { recursive: true }));

const read = (folder: string) => ({
  'config.json': readFileSync(join(golden(folder), 'config.json'), 'utf8'),
  'model.safetensors': new Uint8Array(readFileSync(join(golden(folder), 'model.safetensors'))),
});
const weightsOf = (files: FileContents) => Buffer.concat(files['model.safetensors'] as readonly Uint8Array[]);

const inputOf = (family: string) => ({
  pixelValues: families.tensor(`${family}.pixel_values`) as tf.Tensor4D,
  inputIds: families.tensor(`${family}.input_ids`) as tf.Tensor2D,
  ...(families.names.includes(`${family}.attention_mask`) && {
    attentionMask: families.tensor(`${family}.attention_mask`) as tf.Tensor2D,
  }),
});

describe.each(['cpu', 'onnx'])('CLIP.fromPretrained on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  it.each(['chinese_clip', 'siglip', 'open_clip', 'open_clip_resnet'])(
    'computes what the published %s does',
    async (family) => {
      const clip = await CLIP.fromPretrained(golden(`tiny-${family.replaceAll('_', '-')}`));
      const output = clip.forward(inputOf(family));
      expectClose(output.imageFeatures, families.tensor(`${family}.image_features`), { relative: 1e-4 });
      expectClose(output.textFeatures, families.tensor(`${family}.text_features`), { relative: 1e-4 });
      expectClose(logitsPerImage(output), families.tensor(`${family}.logits_per_image`), { relative: 1e-4 });
      clip.dispose();
    },
  );

  it.each(['chinese_clip', 'siglip'])('has the loss and the gradients of %s', async (family) => {
    const clip = await CLIP.fromPretrained(golden(`tiny-${family.replaceAll('_', '-')}`));
    const { value, gradients } = valueAndGrad(() => {
      const { imageFeatures, textFeatures, logitScale, logitBias } = clip.forward(inputOf(family));
      return logitBias
        ? sigLIPLoss(imageFeatures, textFeatures, logitScale, logitBias)
        : clipLoss(imageFeatures, textFeatures, logitScale);
    }, clip.trainableParameters());
    expectClose(value, families.tensor(`${family}.loss`), { relative: 1e-4 });
    const names = families.names.filter((name) => name.startsWith(`${family}.grad.`));
    expect(names.length).toBeGreaterThan(4);
    const { selectParameters } = clip;
    for (const name of names) {
      const key = name.slice(`${family}.grad.`.length);
      const parameter = selectParameters.call(clip, key).get(key)!;
      const axes = { same: undefined, linear: [1, 0], conv2d: [3, 2, 0, 1] }[
        parameter.layout as 'same' | 'linear' | 'conv2d'
      ];
      const gradient = gradients.get(key)!;
      const inFile = axes ? tf.transpose(gradient, axes) : gradient;
      expectClose(inFile, families.tensor(name), { relative: 1e-3, absolute: 1e-5 });
    }
    clip.dispose();
  });
});

describe('CLIP.toFiles', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it.each(['tiny-clip', 'tiny-chinese-clip', 'tiny-siglip'])(
    'writes %s as transformers does, to the byte, with a configuration that transformers took',
    async (folder) => {
      const files = read(folder);
      const clip = await CLIP.fromPretrained(golden(folder));
      const saved = await clip.toFiles({ files: { 'preprocessor_config.json': '{}' } });
      expect(Buffer.compare(weightsOf(saved), files['model.safetensors'])).toBe(0);
      // our_configs.py has transformers load it with these very weights, and compare what it computes.
      expect(saved['config.json']).toBe(readFileSync(golden(`our-configs/${folder}.json`), 'utf8'));
      expect(saved['preprocessor_config.json']).toBe('{}');
    },
  );

  it('goes to a folder and comes back, from open_clip too', async () => {
    const clip = await CLIP.fromPretrained(golden('tiny-open-clip'));
    const folder = join(out, 'saved');
    await clip.saveTo(folder);
    const again = await CLIP.fromPretrained(folder);
    expect(await again.stateDict()).toEqual(await clip.stateDict());
    expectClose(
      logitsPerImage(again.forward(inputOf('open_clip'))),
      families.tensor('open_clip.logits_per_image'),
      {
        relative: 1e-4,
      },
    );
  });

  it('is refused for towers that are no published family', async () => {
    const { textModel: textEncoder } = await CLIP.fromPretrained(golden('tiny-clip'));
    const rng = new Rng(0);
    const stages = [{ channels: 2, blocks: 1 }];
    const visionEncoder = new ResidualVisionEncoder({ imageSize: 4, stages, rng });
    const clip = new CLIP({ visionEncoder, textEncoder, projectionDim: 4, rng });
    await expect(clip.toFiles()).rejects.toThrow(
      'CLIP: its two towers are together no model that transformers knows. Save the weights alone',
    );
  });
});

describe('what transformers loaded of ours', () => {
  it('computes the same here', async () => {
    await tf.setBackend('cpu');
    const ours = readGolden(new URL('../golden/our_clip.safetensors', import.meta.url));
    const clip = await CLIP.fromPretrained(golden('our-clip')); // our_clip.py refuses missing and unexpected keys
    const output = clip.forward({
      pixelValues: ours.tensor('pixel_values') as tf.Tensor4D,
      inputIds: ours.tensor('input_ids') as tf.Tensor2D,
    });
    expectClose(output.imageFeatures, ours.tensor('image_features'));
    expectClose(output.textFeatures, ours.tensor('text_features'));
    expectClose(logitsPerImage(output), ours.tensor('logits_per_image'));
  });
});

describe('files that do not fit', () => {
  it('are named, and leave nothing behind', async () => {
    await tf.setBackend('cpu');
    const files = read('tiny-clip');
    const before = tf.memory().numTensors;
    const load = (change: object) => CLIP.fromPretrained(filesInMemory({ ...files, ...change }, 'here'));
    await expect(load({ 'config.json': '{' })).rejects.toThrow('here/config.json: is not JSON.');
    await expect(load({ 'config.json': '{"model_type": "llama"}' })).rejects.toThrow(
      'CLIP: model_type: expected one of clip, chinese_clip, siglip, open_clip_resnet, received "llama".',
    );
    await expect(load({ 'model.safetensors': new Uint8Array(9) })).rejects.toThrow('here/model.safetensors');
    const other = { 'model.safetensors': read('our-clip')['model.safetensors'] };
    await expect(load(other)).rejects.toThrow(
      'patch_embedding.weight expected [8, 3, 3, 3], received [8, 3, 4, 4]',
    );
    await expect(CLIP.fromPretrained(filesInMemory({ 'a.txt': '' }, 'here'))).rejects.toThrow(
      'here: no file config.json.',
    );
    expect(tf.memory().numTensors).toBe(before);
  });

  it('may have positions that old files list', async () => {
    const files = read('tiny-clip');
    const { tensors } = parseSafetensors(files['model.safetensors']);
    const positions = { dtype: 'I64', shape: [1, 1], bytes: new Uint8Array(8) } as const;
    const old = serializeSafetensors({ ...tensors, 'text_model.embeddings.position_ids': positions });
    const clip = await CLIP.fromPretrained(filesInMemory({ ...files, 'model.safetensors': old }));
    expect(Buffer.compare(weightsOf(await clip.toFiles()), files['model.safetensors'])).toBe(0);
  });
});
