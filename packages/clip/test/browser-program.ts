// What browser.test.ts runs in a page.
import '@tensorflow/tfjs-backend-cpu';
import { CLIP, encodeImages, encodeTexts, loadCLIP, ZeroShotClassifier } from '@crossmodal/clip';
import * as tf from '@tensorflow/tfjs-core';

export interface BrowserProgram {
  /** Cosines of a photo with texts, times the model's scale (and its bias); and the label that fits best. */
  logits(
    name: string,
    endpoint: string,
    photo: number[],
    texts: string[],
  ): Promise<{ logits: number[]; label: string }>;
  /** Saves a model to the page's private storage, and loads it from there: whether all weights are the same. */
  saveAndLoad(name: string, endpoint: string): Promise<boolean>;
}

const program: BrowserProgram = {
  async logits(name, endpoint, photo, texts) {
    await tf.setBackend('cpu');
    const model = await loadCLIP(name, { endpoint, token: false });
    const { clip, tokenizer, imageProcessor } = model;
    const bytes = Uint8Array.from(photo);
    const image = await encodeImages(clip, imageProcessor, [bytes]);
    const words = await encodeTexts(clip, tokenizer, texts);
    const scale = Math.exp((await clip.logitScale.value.data())[0]!);
    const bias = clip.logitBias ? (await clip.logitBias.value.data())[0]! : 0;
    const logits = texts.map((_, row) => {
      const of = words.subarray(row * clip.projectionDim, (row + 1) * clip.projectionDim);
      return scale * image.reduce((sum, value, i) => sum + value * of[i]!, 0) + bias;
    });
    const classifier = new ZeroShotClassifier({ ...model, labels: texts, templates: ['{}'] });
    return { logits, label: (await classifier.classify(bytes)).label };
  },

  async saveAndLoad(name, endpoint) {
    await tf.setBackend('cpu');
    const { clip, files } = await loadCLIP(name, { endpoint, token: false, offline: true });
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle('saved', { create: true });
    await clip.saveTo(folder, { files });
    const again = await CLIP.fromPretrained(folder);
    const [a, b] = [await clip.stateDict(), await again.stateDict()];
    return Object.keys(a).every((key) => a[key]!.bytes.every((byte, i) => byte === b[key]!.bytes[i]));
  },
};

Object.assign(globalThis, { program });
