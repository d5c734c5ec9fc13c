import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSafetensors, Rng, valueAndGrad } from '@crossmodal/core';
import { type FileContents, filesInMemory } from '@crossmodal/hub';
import { expectClose, expectNoLeak, readGolden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { logitsPerImage } from '../logits-per-image';
import { captioningLoss } from './captioning-loss';
import { CoCa } from './coca';
import { readCoCaConfig } from './coca-config';
import { coCaLoss } from './coca-loss';
import { openCLIPState } from './coca-tensors';

const path = (name: string) => fileURLToPath(new URL(`../../golden/${name}`, import.meta.url));
const golden = readGolden(new URL('../../golden/coca.safetensors', import.meta.url));
const close = { absolute: 1e-5, relative: 1e-4 };
const inputs = (prefix = '') => ({
  pixelValues: golden.tensor(`${prefix}pixel_values`) as tf.Tensor4D,
  inputIds: golden.tensor(`${prefix}input_ids`) as tf.Tensor2D,
});
const jsonOf = (folder: string) =>
  JSON.parse(readFileSync(join(path(folder), 'open_clip_config.json'), 'utf8')) as {
    model_cfg: Record<string, Record<string, unknown>>;
  };
const bytesOf = (files: FileContents) =>
  Buffer.concat(files['open_clip_model.safetensors'] as readonly Uint8Array[]);

describe.each(['cpu', 'onnx'])("CoCa with open_clip's weights, on %s", (backend) => {
  let coca: CoCa;
  beforeAll(async () => {
    await tf.setBackend(backend);
    coca = await CoCa.fromPretrained(path('tiny-coca'));
  });

  it("has open_clip's features and logits", async () => {
    const output = coca.forward(inputs());
    expectClose(output.imageFeatures, golden.tensor('tiny.image_features'), close);
    expectClose(output.textFeatures, golden.tensor('tiny.text_features'), close);
    expect(output.logits.shape).toEqual([3, 8, 13]);
    expectClose(output.logits, golden.tensor('tiny.logits'), close);
    expect([...output.labels.dataSync()]).toEqual([...golden.array('labels').values]);
    const packed = await CoCa.fromPretrained(path('tiny-coca-packed'));
    const other = packed.forward(inputs('packed.'));
    expectClose(other.imageFeatures, golden.tensor('packed.image_features'), close);
    expectClose(other.textFeatures, golden.tensor('packed.text_features'), close);
    expectClose(other.logits, golden.tensor('packed.logits'), close);
  });

  it('encodes images and texts alone, texts of other lengths and with other padding', () => {
    const { pixelValues, inputIds } = inputs();
    expectClose(coca.encodeImage({ pixelValues }), golden.tensor('tiny.image_features'), close);
    expectClose(coca.encodeText({ inputIds }), golden.tensor('tiny.text_features'), close);
    const short = tf.slice(inputIds, [0, 0], [-1, 8]);
    expectClose(coca.encodeText({ inputIds: short }), golden.tensor('tiny.short_text_features'), close);
    const attentionMask = tf.cast(tf.notEqual(inputIds, 0), 'int32') as tf.Tensor2D;
    const odd = {
      inputIds: tf.where(tf.equal(inputIds, 0), tf.fill<tf.Rank.R2>([3, 9], 12, 'int32'), inputIds),
      attentionMask,
    };
    expectClose(coca.encodeText(odd), golden.tensor('tiny.text_features'), close);
    const output = coca.forward({ pixelValues, ...odd });
    expectClose(output.logits, golden.tensor('tiny.logits'), close);
    expect([...output.labels.dataSync()]).toEqual([...golden.array('labels').values]);
  });

  it.each([false, true])(
    "has open_clip's losses and their gradients (checkpointed: %s)",
    (gradientCheckpointing) => {
      const { value, gradients } = valueAndGrad(
        () =>
          coCaLoss(coca.forward(inputs(), { training: true, rng: new Rng(0), gradientCheckpointing }), {
            contrastiveWeight: 0.7,
          }),
        coca.trainableParameters(),
      );
      expectClose(value, golden.tensor('loss.total'), close);
      // In file layout, as a state that open_clip's names and packing are given to.
      const state = openCLIPState(
        Object.fromEntries(
          [...coca.namedParameters()].map(([key, { layout }]) => {
            const axes = { linear: [1, 0], conv2d: [3, 2, 0, 1] }[layout as string];
            const gradient = axes ? tf.transpose(gradients.get(key)!, axes) : gradients.get(key)!;
            const bytes = new Uint8Array(Float32Array.from(gradient.dataSync()).buffer);
            return [key, { dtype: 'F32', shape: gradient.shape, bytes }];
          }),
        ),
      );
      const names = golden.names.filter((name) => name.startsWith('grad.'));
      expect(names.length).toBeGreaterThan(30);
      for (const name of names) {
        const { bytes, shape } = state[name.slice('grad.'.length)]!;
        expect(shape, name).toEqual(golden.array(name).shape);
        expectClose(new Float32Array(bytes.slice().buffer), golden.tensor(name), {
          absolute: 1e-5,
          relative: 1e-3,
        });
      }
      for (const [key, gradient] of gradients)
        expect(Math.max(...tf.abs(gradient).dataSync()), key).toBeGreaterThan(
          key.endsWith('k_proj.bias') ? -1 : 0,
        );
      const { logits, labels } = coca.forward(inputs());
      expectClose(tf.mul(captioningLoss(logits, labels), 2), golden.tensor('loss.captioning'), close);
    },
  );

  it('leaks nothing', () => {
    const given = inputs();
    expectNoLeak(() => tf.dispose({ ...coca.forward(given) }));
    expectNoLeak(() => {
      const { value, gradients } = valueAndGrad(
        () => coCaLoss(coca.forward(given)),
        coca.trainableParameters(),
      );
      tf.dispose([value, ...gradients.values()]);
    });
  });
});

describe('CoCa', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it.each(['tiny-coca', 'tiny-coca-packed'])('writes %s as open_clip does, to the byte', async (folder) => {
    const coca = await CoCa.fromPretrained(path(folder));
    const files = await coca.toFiles({ files: { 'merges.txt': 'a b' } });
    expect(Object.keys(files).sort()).toEqual([
      'merges.txt',
      'open_clip_config.json',
      'open_clip_model.safetensors',
    ]);
    const theirs = readFileSync(join(path(folder), 'open_clip_model.safetensors'));
    expect(Buffer.compare(bytesOf(files), theirs)).toBe(0);
    // theirs also says what open_clip does not read
    const { vocab_size: _, ...multimodal_cfg } = jsonOf(folder).model_cfg['multimodal_cfg']!;
    expect(JSON.parse(files['open_clip_config.json'] as string).model_cfg).toMatchObject({
      ...jsonOf(folder).model_cfg,
      multimodal_cfg,
    });
  });

  it('goes to a folder and comes back', async () => {
    const rng = new Rng(4);
    const coca = new CoCa({ ...readCoCaConfig(jsonOf('tiny-coca')), rng });
    const folder = mkdtempSync(join(tmpdir(), 'coca-'));
    await coca.saveTo(folder);
    const again = await CoCa.fromPretrained(folder);
    rmSync(folder, { recursive: true });
    expect(await again.stateDict()).toEqual(await coca.stateDict());
    expect(again.config).toEqual(coca.config);
  });

  it('is a CLIP by its towers', async () => {
    const coca = await CoCa.fromPretrained(path('tiny-coca'));
    const clip = coca.towers();
    expect(clip.projectionDim).toBe(16);
    expect(clip.textModel.contextLength).toBe(9);
    expectClose(logitsPerImage(clip.forward(inputs())), logitsPerImage(coca.forward(inputs())));
    clip.clampLogitScale(2);
    expectClose(coca.logitScale.value, 2.1);
    expectClose(clip.logitScale.value, Math.log(2));
    coca.clampLogitScale(3);
    expectClose(coca.logitScale.value, Math.log(3));
  });

  it('drops patches in training only', async () => {
    const config = readCoCaConfig(jsonOf('tiny-coca'));
    const visionCfg = { ...config.visionCfg, patchDropout: 0.5 };
    const coca = new CoCa({ ...config, visionCfg, rng: new Rng(0) });
    const { pixelValues } = inputs();
    const encode = (training: boolean, seed: number) =>
      coca.encodeImage({ pixelValues }, { training, rng: new Rng(seed) }).arraySync();
    expect(encode(false, 1)).toEqual(encode(false, 2));
    expect(encode(true, 1)).not.toEqual(encode(true, 2));
  });

  it('says what cannot be', async () => {
    const config = readCoCaConfig(jsonOf('tiny-coca'));
    const rng = new Rng(0);
    const make = (change: object) => () => new CoCa({ ...config, ...change, rng });
    expect(make({ embedDim: 20 })).toThrow('CoCa: textCfg.width: expected embedDim (20), received 16.');
    expect(make({ multimodalCfg: { ...config.multimodalCfg, width: 8 } })).toThrow(
      'CoCa: multimodalCfg.width: expected embedDim (16), received 8.',
    );
    const coca = make({})();
    const { pixelValues, inputIds } = inputs();
    expect(() => coca.forward({ pixelValues, inputIds: tf.concat([inputIds, inputIds], 1) })).toThrow(
      'CoCaTextTransformer: inputIds: expected at most 9 tokens, received 18. Cut texts with ' +
        'tokenizer.tokenize(texts, { contextLength: 9 }).',
    );
    expect(() => coca.forward({ pixelValues, inputIds: tf.slice(inputIds, [0, 0], [-1, 1]) })).toThrow(
      'CoCa: inputIds: expected 2 tokens or more, of which one follows another, received 1.',
    );
    expect(() => coca.encodeImage(inputs('packed.'))).toThrow(
      'CoCaVisionTransformer: pixelValues: expected shape [?, 8, 8, 3], received [2, 6, 6, 3].',
    );
    await expect(CoCa.fromPretrained(filesInMemory({ 'a.txt': '' }, 'here'))).rejects.toThrow(
      'here: no file open_clip_config.json.',
    );
    const { tensors } = parseSafetensors(bytesOf(await coca.toFiles()));
    expect(Object.keys(tensors)).toContain('visual.attn_pool.attn.k_proj_weight');
  });
});
