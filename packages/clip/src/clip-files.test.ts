import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { parseSafetensors, serializeSafetensors } from '@crossmodal/core';
import { expectClose, readGolden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CLIPFiles, clipFromFiles, clipToFiles } from './clip-files';

const golden = (name: string) => new URL(`../golden/${name}`, import.meta.url);
const read = (folder: string): CLIPFiles => ({
  'config.json': readFileSync(golden(`${folder}/config.json`), 'utf8'),
  'model.safetensors': new Uint8Array(readFileSync(golden(`${folder}/model.safetensors`))),
});

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('clipToFiles', () => {
  it('writes what transformers loads whole, and computes the same from', async () => {
    const files = read('our-clip'); // our_clip.py refuses missing and unexpected keys
    const clip = clipFromFiles(files);
    expect(await clipToFiles(clip)).toEqual(files);
    const ours = readGolden(golden('our_clip.safetensors'));
    const { imageFeatures, textFeatures, logitScale } = clip.forward({
      pixelValues: ours.tensor('pixel_values') as tf.Tensor4D,
      inputIds: ours.tensor('input_ids') as tf.Tensor2D,
    });
    expectClose(imageFeatures, ours.tensor('image_features'));
    expectClose(textFeatures, ours.tensor('text_features'));
    const logits = tf.mul(logitScale, tf.matMul(imageFeatures, textFeatures, false, true));
    expectClose(logits, ours.tensor('logits_per_image'));
  });
});

describe('clipFromFiles', () => {
  it("round-trips transformers' weights to the byte, and passes over the positions in old files", async () => {
    const files = read('tiny-clip');
    const { tensors } = parseSafetensors(files['model.safetensors']);
    const positions = { dtype: 'I64', shape: [1, 1], bytes: new Uint8Array(8) } as const;
    const old = { ...tensors, 'text_model.embeddings.position_ids': positions };
    for (const state of [tensors, old]) {
      const clip = clipFromFiles({ ...files, 'model.safetensors': serializeSafetensors(state) });
      const saved = await clipToFiles(clip);
      expect(Buffer.compare(saved['model.safetensors'], files['model.safetensors'])).toBe(0);
    }
  });

  it('says what is wrong, and leaves nothing behind', () => {
    const files = read('tiny-clip');
    const before = tf.memory().numTensors;
    expect(() => clipFromFiles({ ...files, 'config.json': '{' })).toThrow(
      'clipFromFiles: config.json: is not JSON.',
    );
    expect(() => clipFromFiles({ ...files, 'model.safetensors': new Uint8Array(9) })).toThrow(
      'model.safetensors',
    );
    expect(() =>
      clipFromFiles({ ...read('our-clip'), 'model.safetensors': files['model.safetensors'] }),
    ).toThrow('patch_embedding.weight expected [8, 3, 4, 4], received [8, 3, 3, 3]');
    expect(tf.memory().numTensors).toBe(before);
  });
});
