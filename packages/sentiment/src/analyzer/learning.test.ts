import '@crossmodal/backend-onnx';
import { Rng } from '@crossmodal/core';
import { BertModel, ViT } from '@crossmodal/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { evaluateSentiment } from './evaluate-sentiment';
import { MultimodalSentimentAnalyzer } from './multimodal-sentiment-analyzer';
import { prepareMultimodalData } from './prepare-multimodal-data';
import { tinyAnalyzer } from './testing/tiny-analyzer';
import { type WordsAndLight, wordsAndLight } from './testing/words-and-light';
import { trainSentiment } from './train-sentiment';

const TRAIN = wordsAndLight(160, 1);
const HELD_OUT = wordsAndLight(80, 2);

beforeAll(async () => {
  await tf.setBackend('onnx');
});

/** Trains on what `change` makes of the data; accuracy on held-out samples with both, texts alone, pictures alone. */
async function learn(change: (data: WordsAndLight) => WordsAndLight = (data) => data) {
  const { processors } = await tinyAnalyzer();
  const rng = new Rng(4);
  const tower = {
    hidden_size: 16,
    intermediate_size: 24,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    hidden_dropout_prob: 0,
    initializer_range: 0.2,
  };
  const model = new MultimodalSentimentAnalyzer({
    textEncoder: BertModel.fromConfig({ ...tower, vocab_size: 22, max_position_embeddings: 16 }, { rng }),
    visionEncoder: ViT.fromConfig({ ...tower, image_size: 8, patch_size: 4 }, { rng }),
    fusion: { strategy: 'concat', outputDim: 16 },
    rng,
  });
  const { texts, images, labels } = change(TRAIN);
  await trainSentiment({
    model,
    data: prepareMultimodalData(texts, images, labels, {
      processors,
      batchSize: 16,
      shuffle: true,
      rng: new Rng(5),
    }),
    epochs: 8,
    learningRate: 5e-3,
    rng: new Rng(6),
    loggers: [],
  });
  const measure = async (data: {
    texts: (string | null)[];
    images: (WordsAndLight['images'][0] | null)[];
  }) => {
    const batches = prepareMultimodalData(data.texts, data.images, HELD_OUT.labels, {
      processors,
      batchSize: 40,
    });
    return (await evaluateSentiment(model, batches)).accuracy!;
  };
  const nothing = HELD_OUT.labels.map(() => null);
  const result = {
    both: await measure(HELD_OUT),
    texts: await measure({ texts: HELD_OUT.texts, images: nothing }),
    pictures: await measure({ texts: nothing, images: HELD_OUT.images }),
  };
  model.dispose();
  return result;
}

it('learns what needs words and light, and neither alone tells', async () => {
  const { both, texts, pictures } = await learn();
  expect(both).toBeGreaterThanOrEqual(0.95);
  // Half of the samples of a word, or of a brightness, have the same label.
  expect(texts).toBeLessThanOrEqual(0.55);
  expect(pictures).toBeLessThanOrEqual(0.55);
});

it('learns nothing from labels of other samples', async () => {
  const { both } = await learn((data) => {
    const order = new Rng(9).permutation(data.labels.length);
    return { ...data, labels: Array.from(order, (i) => data.labels[i]!) };
  });
  expect(both).toBeLessThanOrEqual(0.6);
});
