import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Rng } from '@crossmodal/core';
import { filesInMemory } from '@crossmodal/hub';
import { expectClose, readGolden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { PUBLISHED } from '../golden/published';
import {
  ALIGNVisionModel,
  BertModel,
  CLIPTextTransformer,
  CLIPVisionTransformer,
  SigLIPVisionTransformer,
  ViT,
} from './index';

const golden = (path: string) => fileURLToPath(new URL(`../golden/${path}`, import.meta.url));

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('fromPretrained and toFiles', () => {
  // our_configs.py has transformers load each configuration with these very weights, and compare what it computes.
  it.each(Object.entries(PUBLISHED))(
    'give %s back to the byte, with a configuration that transformers took',
    async (name, family) => {
      const model = await family.fromPretrained(golden(name));
      const files = await model.toFiles();
      const weights = Buffer.concat(files['model.safetensors'] as Uint8Array[]);
      expect(Buffer.compare(weights, readFileSync(golden(`${name}/model.safetensors`)))).toBe(0);
      expect(files['config.json']).toBe(readFileSync(golden(`our-configs/${name}.json`), 'utf8'));
      const again = await family.fromPretrained(
        filesInMemory({
          'config.json': files['config.json'] as string,
          'model.safetensors': weights,
        }) as never,
      );
      expect(await again.stateDict()).toEqual(await model.stateDict());
      model.dispose();
      again.dispose();
    },
  );

  it('load a model without its head, and a tower of a model of two', async () => {
    const vit = await ViT.fromPretrained(golden('tiny-vit'));
    expect(vit.pooler).toBeUndefined();
    const bert = await BertModel.fromPretrained(golden('tiny-bert-mlm'));
    expect(bert.pooler).toBeUndefined();
    const vision = await CLIPVisionTransformer.fromPretrained(golden('tiny-clip'));
    const text = await CLIPTextTransformer.fromPretrained(golden('tiny-clip'));
    const siglip = await SigLIPVisionTransformer.fromPretrained(golden('tiny-siglip'));
    for (const model of [vit, bert, vision, text, siglip]) {
      const files = await model.toFiles();
      const weights = Buffer.concat(files['model.safetensors'] as Uint8Array[]);
      const same = filesInMemory({
        'config.json': files['config.json'] as string,
        'model.safetensors': weights,
      });
      const again = await (model.constructor as typeof ViT).fromPretrained(same);
      expect(await again.stateDict()).toEqual(await model.stateDict());
      again.dispose();
      model.dispose();
    }
  });

  it("compute what ALIGN's two towers do", async () => {
    const align = readGolden(new URL('../golden/align.safetensors', import.meta.url));
    const vision = await ALIGNVisionModel.fromPretrained(golden('tiny-align'));
    const pixelValues = align.tensor('pixel_values') as tf.Tensor4D;
    expectClose(vision.forward({ pixelValues }).pooledOutput, align.tensor('vision.pooled'), {
      relative: 1e-4,
    });
    const text = await BertModel.fromPretrained(golden('tiny-align'));
    const { pooledOutput, lastHiddenState } = text.forward({
      inputIds: align.tensor('input_ids') as tf.Tensor2D,
      attentionMask: align.tensor('attention_mask') as tf.Tensor2D,
    });
    expectClose(pooledOutput, align.tensor('text.pooled'), { relative: 1e-4 });
    expectClose(lastHiddenState, align.tensor('text.last_hidden_state'), { relative: 1e-4 });
  });

  it('come from a configuration alone, with random weights', async () => {
    const config = JSON.parse(readFileSync(golden('our-configs/tiny-bert.json'), 'utf8')) as Record<
      string,
      unknown
    >;
    const [one, same, other] = [1, 1, 2].map((seed) => BertModel.fromConfig(config, { rng: new Rng(seed) }));
    expect(one!.pooler).toBeDefined();
    expect(await one!.stateDict()).toEqual(await same!.stateDict());
    expect(await one!.stateDict()).not.toEqual(await other!.stateDict());
    expect(BertModel.fromConfig({ ...config, pooler: false }, { rng: new Rng(1) }).pooler).toBeUndefined();
  });

  it('refuse the configuration of another kind of model', async () => {
    await expect(ViT.fromPretrained(golden('tiny-bert'))).rejects.toThrow(
      'ViT.fromPretrained: model_type: expected "vit", received "bert".',
    );
  });
});
