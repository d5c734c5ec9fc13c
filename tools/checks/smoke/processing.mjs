import assert from 'node:assert/strict';
import {
  CLIPImageProcessor,
  CLIPTokenizer,
  decodeImage,
  imageBatches,
  resizeImage,
} from '@crossmodal/processing';

const tokenizer = await CLIPTokenizer.load();
assert.deepEqual(
  [...tokenizer.tokenize('a photo of a cat').inputIds.subarray(0, 7)],
  [49406, 320, 1125, 539, 320, 2368, 49407],
);
const svg =
  '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8" fill="#f00"/></svg>';
const image = await decodeImage(new TextEncoder().encode(svg), { svg: true });
assert.deepEqual([...resizeImage(image, { width: 1, height: 1 }).data], [255, 0, 0]);

// A worker thread from the installed package.
const processor = new CLIPImageProcessor({ size: { width: 4, height: 4 }, cropSize: null });
for await (const { shape, failures } of imageBatches(processor, [image, 'missing.png'], { threads: 1 })) {
  assert.deepEqual(shape, [1, 4, 4, 3]);
  assert.equal(failures[0].name, 'missing.png');
}
