import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import { Rng, valueAndGrad } from '@crossmodal/core';
import { expectClose, expectNoLeak, readGolden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { readTinyModel } from '../../test/tiny-model';
import { CLIPTextTransformer } from './clip-text-transformer';
import { readCLIPTextConfig, readCLIPVisionConfig } from './clip-tower-config';
import { CLIPVisionTransformer } from './clip-vision-transformer';

const golden = readGolden(new URL('../../golden/clip_towers.safetensors', import.meta.url));
const tiny = readTinyModel('tiny-clip');
const close = { absolute: 1e-5, relative: 1e-4 };
const images = (name = 'pixel_values') => ({ pixelValues: golden.tensor(name) as tf.Tensor4D });
const texts = () => ({
  inputIds: golden.tensor('input_ids') as tf.Tensor2D,
  attentionMask: golden.tensor('attention_mask') as tf.Tensor2D,
});

function loadVision(patchDropout?: number) {
  const config = { ...readCLIPVisionConfig(tiny.json['vision_config']), patchDropout };
  const tower = new CLIPVisionTransformer({ ...config, rng: new Rng(0) });
  tower.loadStateDict(tiny.below('vision_model.'));
  return tower;
}

function loadText() {
  const tower = new CLIPTextTransformer({ ...readCLIPTextConfig(tiny.json['text_config']), rng: new Rng(0) });
  tower.loadStateDict(tiny.below('text_model.'));
  return tower;
}

describe.each(['cpu', 'onnx'])("CLIP's towers with transformers' weights, on %s", (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  it('give hidden states on request', () => {
    const image = loadVision().forward({ ...images(), outputHiddenStates: true });
    expectClose(image.pooledOutput, golden.tensor('vision.pooler_output'), close);
    expect(image.hiddenStates).toHaveLength(4);
    for (const [i, state] of image.hiddenStates!.entries())
      expectClose(state, golden.tensor(`vision.hidden_states.${i}`), close);
    const text = loadText().forward({ ...texts(), outputHiddenStates: true });
    expectClose(text.pooledOutput, golden.tensor('text.pooler_output'), close);
    expect(text.hiddenStates).toHaveLength(3);
    for (const [i, state] of text.hiddenStates!.entries())
      expectClose(state, golden.tensor(`text.hidden_states.${i}`), close);
    expect(loadVision().forward(images())).not.toHaveProperty('hiddenStates');
    expect(loadText().forward(texts())).not.toHaveProperty('hiddenStates');
  });

  it('take images of another size, with resized positions that get a gradient', () => {
    const tower = loadVision();
    const given = { ...images('small_pixel_values'), interpolatePositions: true };
    expectClose(tower.forward(given).pooledOutput, golden.tensor('small.pooler_output'), close);
    const { gradients } = valueAndGrad(
      () => tf.sum(tower.forward(given).lastHiddenState) as tf.Scalar,
      tower.trainableParameters(),
    );
    const positions = gradients.get('embeddings.position_embedding.weight')!;
    expect(tf.min(tf.max(tf.abs(positions), 1)).dataSync()[0]).toBeGreaterThan(1e-6);
    expect(() => tower.forward(images('small_pixel_values'))).toThrow(
      'CLIPVisionTransformer: pixelValues: expected shape [?, 8, 8, 3], received [2, 6, 6, 3]. Pass ' +
        'interpolatePositions: true for images of another size.',
    );
  });

  it('drop patches in training only, and leak nothing', () => {
    const tower = loadVision(0.75);
    const context = { training: true, rng: new Rng(1) };
    const given = { ...images(), outputHiddenStates: true };
    expect(tower.forward(given, context).lastHiddenState.shape).toEqual([2, 1 + 4, 8]); // of 16 patches
    expectClose(tower.forward(given).pooledOutput, golden.tensor('vision.pooler_output'), close);
    expectNoLeak(() => tf.dispose({ ...tower.forward(given, context) }));
    const text = loadText();
    const words = { ...texts(), outputHiddenStates: true };
    expectNoLeak(() => tf.dispose({ ...text.forward(words) }));
  });
});

describe("CLIP's image tower", () => {
  it('reads patch_dropout, which is ours', () => {
    expect(readCLIPVisionConfig({ patch_dropout: 0.5 }).patchDropout).toBe(0.5);
    expect(readCLIPVisionConfig({})).not.toHaveProperty('patchDropout');
  });
});
