// Drawing with DALL-E (6 layers of 256, 64 tokens of text, 16 x 16 of a picture, two rows as guidance has them): with its
// cache of keys and values beside without, by kind of attention.
// npm run bench -- dalle-cache
import '@crossmodal/backend-onnx';
import { Rng } from '@crossmodal/core';
import { type AttentionKind, DALLE } from '@crossmodal/dalle';
import * as tf from '@tensorflow/tfjs-core';
import { report } from './lib/report';

await tf.setBackend('onnx');
const texts = [[1, 2, 3], []];
/** Lengths of what is drawn already at which drawing without a cache is measured. */
const SAMPLES = [0, 64, 128, 192, 255];

const rows = (['full', 'row', 'column', 'convolution'] as AttentionKind[]).map((kind) => {
  const model = new DALLE({
    textVocabSize: 1000,
    textLength: 64,
    codebookSize: 1024,
    gridHeight: 16,
    gridWidth: 16,
    hiddenSize: 256,
    numLayers: 6,
    numHeads: 8,
    attentionKinds: [kind],
    rng: new Rng(0),
  });
  const start = (length: number) =>
    model.startDecoding({ texts, prime: texts.map(() => Array.from({ length }, (_, i) => i % 1024)) });
  const time = (run: () => void) => {
    const began = performance.now();
    run();
    return performance.now() - began;
  };
  const whole = () => {
    const decoder = start(0);
    decoder.next().dispose();
    for (let i = 1; i < 256; i++) tf.tidy(() => void decoder.next([i % 1024, i % 1024]).dataSync());
    decoder.dispose();
  };
  whole();
  const cached = Math.min(time(whole), time(whole)) / 256;
  const single = SAMPLES.map((length) => {
    const once = () => {
      const decoder = start(length);
      tf.tidy(() => void decoder.next().dataSync());
      decoder.dispose();
    };
    once();
    return Math.min(time(once), time(once));
  });
  const uncached = single.reduce((a, b) => a + b) / single.length;
  model.dispose();
  return { attention: kind, 'ms/token, cached': cached, 'without cache': uncached };
});
console.table(rows.map((row) => ({ ...row, ratio: row['ms/token, cached'] / row['without cache'] })));
const [full] = rows;
report({
  name: 'dalle-cache',
  ours: full!['ms/token, cached'],
  peer: full!['without cache'],
  unit: 'ms/token',
});
