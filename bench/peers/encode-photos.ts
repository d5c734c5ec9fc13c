// One process of `bench/compile-vit.ts`: from files of photos to CLIP's image features, milliseconds a photo, peak memory
// and the features. encode-photos.ts <ours | transformers.js | save> <folder of the model> <batch> <runs> ...files
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLIPVisionTransformer, clipViTB32 } from '@crossmodal/clip';
import { compile, exportONNX } from '@crossmodal/compile';
import { Linear, Module, Rng } from '@crossmodal/core';
import { CLIPImageProcessor, imageProcessorConfig } from '@crossmodal/processing';
import * as tf from '@tensorflow/tfjs-core';
import { measureAsync } from '../lib/measure';
import { importPeer } from '../lib/npm-peers';

const [action = 'ours', folder = '', batch = '1', runs = '3', ...files] = process.argv.slice(2);
const rounds = Array.from({ length: Math.floor(files.length / Number(batch)) }, (_, i) =>
  files.slice(i * Number(batch), (i + 1) * Number(batch)),
);

/** Named as transformers' `CLIPVisionModelWithProjection`; random weights. */
class ImageEncoder extends Module {
  readonly visionModel = new CLIPVisionTransformer({ ...clipViTB32.config.visionConfig, rng: new Rng(0) });
  readonly visualProjection = new Linear(768, 512, { bias: false, rng: new Rng(1) });

  forward({ pixelValues }: { pixelValues: tf.Tensor4D }): { imageEmbeds: tf.Tensor } {
    return tf.tidy(() => ({
      imageEmbeds: this.visualProjection.forward(this.visionModel.forward({ pixelValues }).pooledOutput),
    }));
  }
}

async function ours() {
  await import('@crossmodal/backend-onnx');
  await tf.setBackend('onnx');
  const model = new ImageEncoder();
  const processor = new CLIPImageProcessor();
  if (action === 'save') {
    mkdirSync(join(folder, 'onnx'), { recursive: true });
    await exportONNX(model, { pixelValues: tf.zeros([2, 224, 224, 3]) }, join(folder, 'onnx/model.onnx'), {
      dynamicAxes: { pixelValues: { 0: 'batch' } },
      channelsFirst: ['pixelValues'],
    });
    const config = { model_type: 'clip_vision_model', architectures: ['CLIPVisionModelWithProjection'] };
    writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
    writeFileSync(join(folder, 'preprocessor_config.json'), JSON.stringify(imageProcessorConfig(processor)));
    return;
  }
  const forward = compile((pixelValues: tf.Tensor4D) => model.forward({ pixelValues }).imageEmbeds, {
    module: model,
  });
  return async (paths: string[]) => {
    const { data, shape } = await processor.process(paths);
    const pixels = tf.tensor4d(data, shape as [number, number, number, number]);
    const features = forward(pixels);
    const values = features.dataSync() as Float32Array;
    tf.dispose([pixels, features]);
    return values;
  };
}

async function theirs() {
  const { AutoProcessor, CLIPVisionModelWithProjection, env, RawImage } =
    await importPeer<
      // biome-ignore lint/suspicious/noExplicitAny: a package that the repository does not depend on
      Record<string, any>
    >('@huggingface/transformers');
  env.allowRemoteModels = false;
  env.localModelPath = join(folder, '..');
  const name = folder.split('/').at(-1);
  const processor = await AutoProcessor.from_pretrained(name);
  const model = await CLIPVisionModelWithProjection.from_pretrained(name, {
    dtype: 'fp32',
    model_file_name: 'model',
  });
  return async (paths: string[]) => {
    const images = await Promise.all(paths.map((path) => RawImage.read(path)));
    const { image_embeds: embeds } = await model(await processor(images));
    return embeds.data as Float32Array;
  };
}

const encode = action === 'transformers.js' ? await theirs() : await ours();
if (!encode) console.log('{}');
else {
  const features = await encode(rounds[0]!);
  const { median, best } = await measureAsync(
    async () => {
      for (const paths of rounds) await encode(paths);
    },
    { warmUp: 1, runs: Number(runs), atLeast: 0 },
  );
  const photos = rounds.length * Number(batch);
  writeFileSync(`${folder}/${action}.json`, JSON.stringify(Array.from(features.subarray(0, 512))));
  console.log(
    JSON.stringify({
      median: median / photos,
      best: best / photos,
      megabytes: process.resourceUsage().maxRSS / 1024,
    }),
  );
}
