import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import {
  addLoRA,
  hostTensorFromValues,
  hostTensorValues,
  loadLoRA,
  loraConfig,
  loraStateDict,
  mergeLoRA,
  parseSafetensors,
  Rng,
  removeLoRA,
  serializeSafetensors,
  setAdapter,
  valueAndGrad,
} from '@crossmodal/core';
import { expectClose, readGolden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { CLIP } from '../clip';
import { clipLoss } from '../clip-loss';

const url = (name: string) => new URL(`../../golden/${name}`, import.meta.url);
const json = (name: string) => JSON.parse(readFileSync(url(name), 'utf8'));
const bytes = (name: string) => new Uint8Array(readFileSync(url(name)));
const forward = readGolden(url('clip_forward.safetensors'));

const input = () => ({
  pixelValues: forward.tensor('pixel_values') as tf.Tensor4D,
  inputIds: forward.tensor('input_ids') as tf.Tensor2D,
  attentionMask: forward.tensor('attention_mask') as tf.Tensor2D,
});

function base(): CLIP {
  const clip = CLIP.fromConfig(json('tiny-clip/config.json'), { rng: new Rng(0) });
  clip.loadStateDict(parseSafetensors(bytes('tiny-clip/model.safetensors')).tensors);
  return clip;
}

const adapter = (folder: string) => ({
  config: json(`${folder}/adapter_config.json`),
  state: parseSafetensors(bytes(`${folder}/adapter_model.safetensors`)).tensors,
});

describe.each(['cpu', 'onnx'])('LoRA of CLIP, on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  it("computes with peft's adapter what peft computes, the gradients of A and B too", async () => {
    const golden = readGolden(url('peft_lora.safetensors'));
    const clip = base();
    loadLoRA(clip, adapter('tiny-lora'));
    const { value, gradients } = valueAndGrad(() => {
      const { imageFeatures, textFeatures, logitScale } = clip.forward(input(), { training: true });
      return clipLoss(imageFeatures, textFeatures, logitScale);
    }, clip.namedParameters());
    expectClose(value, golden.tensor('loss'));
    const { imageFeatures, textFeatures } = clip.forward(input());
    expectClose(imageFeatures, golden.tensor('image_features'));
    expectClose(textFeatures, golden.tensor('text_features'));
    const stored = golden.names.filter((name) => name.startsWith('grad.'));
    expect(gradients.size).toBe(stored.length);
    for (const [key, gradient] of gradients) {
      const name = `grad.base_model.model.${key.replace('.default', '')}`;
      expectClose(tf.transpose(gradient), golden.tensor(name), { absolute: 1e-5, relative: 1e-3 });
    }
    mergeLoRA(clip);
    removeLoRA(clip);
    const { 'vision_model.encoder.layers.1.mlp.fc2.weight': merged } = await clip.stateDict();
    expectClose(hostTensorValues(merged!, 'float32'), golden.tensor('merged.fc2'));
    expectClose(clip.forward(input()).imageFeatures, golden.tensor('image_features'));
  });

  it('writes what peft loads, and computes the same from', async () => {
    const golden = readGolden(url('our_lora.safetensors')); // our_lora.py compares what peft has loaded
    const clip = base();
    const before = await clip.stateDict();
    const plain = clip.forward(input());
    const files = adapter('our-lora');
    loadLoRA(clip, { ...files, name: 'ours' });
    const { imageFeatures, textFeatures } = clip.forward(input());
    expectClose(imageFeatures, golden.tensor('image_features'));
    expectClose(textFeatures, golden.tensor('text_features'));
    expect(serializeSafetensors(await loraStateDict(clip, 'ours'), { format: 'pt' })).toEqual(
      bytes('our-lora/adapter_model.safetensors'),
    );
    expect(loraConfig(clip, 'ours')).toEqual(files.config);
    setAdapter(clip, undefined);
    expect([...clip.forward(input()).imageFeatures.dataSync()]).toEqual([...plain.imageFeatures.dataSync()]);
    expect(await clip.stateDict()).toEqual(before);
  });
});

describe('adapters of CLIP', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it('drops before the projections too', () => {
    const clip = base();
    addLoRA(clip, { pattern: '*_projection', rank: 2, alpha: 40, dropout: 0.5, rng: new Rng(1) });
    for (const parameter of clip.trainableParameters().values())
      parameter.fromHost(
        hostTensorFromValues(new Rng(2).normalArray(parameter.size), parameter.fileShape, 'F32'),
      );
    const features = (seed: number) => [
      ...clip.forward(input(), { training: true, rng: new Rng(seed) }).textFeatures.dataSync(),
    ];
    expect(features(1)).not.toEqual(features(2));
  });
});
