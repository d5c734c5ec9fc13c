import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expectClose, readGolden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HubServer } from '../../hub/test/hub-server';
import { encodeImages, encodeTexts } from './encode-batches';
import { type LoadedCLIP, loadCLIP } from './load-clip';
import { logitsPerImage } from './logits-per-image';

const folder = fileURLToPath(new URL('../golden/whole-path/', import.meta.url));
const photo = join(folder, 'photo.png');
const golden = readGolden(new URL('../golden/whole_path.safetensors', import.meta.url));
const TEXTS = ['a photo of a cat', 'a dog, quick!', '一只猫'];
const FAMILIES = ['clip', 'chinese-clip', 'siglip'];

/** From the file and the words to the logits. */
async function logits({ clip, tokenizer, imageProcessor }: LoadedCLIP): Promise<tf.Tensor2D> {
  const dim = clip.projectionDim;
  const images = await encodeImages(clip, imageProcessor, [photo]);
  const texts = await encodeTexts(clip, tokenizer, TEXTS);
  return tf.tidy(() =>
    logitsPerImage({
      imageFeatures: tf.tensor2d(images, [1, dim]),
      textFeatures: tf.tensor2d(texts, [TEXTS.length, dim]),
      logitScale: tf.reshape(tf.exp(clip.logitScale.value), []),
      ...(clip.logitBias && { logitBias: tf.reshape(clip.logitBias.value, []) as tf.Scalar }),
    }),
  );
}

describe('loadCLIP', () => {
  let hub: HubServer;
  const temporary = mkdtempSync(join(tmpdir(), 'load-clip-'));
  const options = () =>
    ({ endpoint: hub.url, cacheDir: join(temporary, 'cache'), token: false, progress: false }) as const;
  beforeAll(async () => {
    const repos = FAMILIES.map((family) => {
      const path = join(folder, family);
      const files = readdirSync(path).map((file) => [file, new Uint8Array(readFileSync(join(path, file)))]);
      return [`org/${family}`, { files: Object.fromEntries(files) }];
    });
    hub = await HubServer.start(Object.fromEntries(repos));
  });
  afterAll(async () => {
    await hub.close();
    rmSync(temporary, { recursive: true });
  });

  describe.each(['cpu', 'onnx'])('on %s', (backend) => {
    it.each(FAMILIES)(
      'gives the logits of transformers for a photo and words, from %s on a hub',
      async (family) => {
        await tf.setBackend(backend);
        const model = await loadCLIP(`org/${family}`, options());
        expectClose(await logits(model), golden.tensor(`${family}.logits_per_image`), { relative: 1e-4 });
        model.clip.dispose();
      },
    );
  });

  it.each(FAMILIES)('saves %s with its processor, to be loaded again without the hub', async (family) => {
    await tf.setBackend('cpu');
    const { clip, files } = await loadCLIP(`org/${family}`, { ...options(), offline: true });
    const saved = join(temporary, `saved-${family}`);
    await clip.saveTo(saved, { files });
    const again = await loadCLIP(saved);
    expectClose(await logits(again), golden.tensor(`${family}.logits_per_image`), { relative: 1e-4 });
    expect(readdirSync(saved)).toContain('preprocessor_config.json');
    clip.dispose();
    again.clip.dispose();
  });

  it('says what is missing', async () => {
    await expect(loadCLIP('org/unknown', options())).rejects.toThrow('org/unknown');
    await expect(loadCLIP(fileURLToPath(new URL('../golden/tiny-siglip/', import.meta.url)))).rejects.toThrow(
      'no files of a tokenizer. CLIP.fromPretrained loads the model alone.',
    );
  });
});
