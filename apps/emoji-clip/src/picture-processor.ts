import type { PixelProcessor } from '@crossmodal/clip';
import { decodeImage, type ImageInput, type RawImage, toRGB } from '@crossmodal/processing';
import { trimToInk } from './data/trim-to-ink';
import { augmentPicture } from './pictures/augment-picture';
import { stackPictures } from './pictures/picture-stack';

/** Side of a picture before it is brought to the model's size. */
const SIZE = 64;

/** Prepares any picture as those of the training were: cut to what is drawn, on white. */
export function pictureProcessor(imageSize: number): PixelProcessor {
  return {
    async process(images, { decode }) {
      const pictures = await Promise.all(images.map((image) => toPicture(image, decode.signal)));
      const pixels = new Uint8Array(pictures.length * SIZE * SIZE * 4);
      for (const [i, picture] of pictures.entries()) pixels.set(picture, i * SIZE * SIZE * 4);
      const stack = stackPictures([{ pixels, concepts: new Int32Array(pictures.length) }], SIZE);
      const data = new Float32Array(pictures.length * imageSize * imageSize * 3);
      for (let i = 0; i < pictures.length; i++) {
        augmentPicture(stack, i, data, i * imageSize * imageSize * 3, imageSize);
      }
      return { data, shape: [pictures.length, imageSize, imageSize, 3] };
    },
  };
}

async function toPicture(image: ImageInput, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const decoded =
    typeof image === 'object' && 'channels' in image
      ? image
      : await decodeImage(image, {
          alpha: 'keep',
          svg: { width: 96, height: 96 },
          ...(signal && { signal }),
        });
  return withAlpha(trimToInk(decoded, SIZE));
}

function withAlpha(image: RawImage): Uint8Array {
  if (image.channels === 4) return image.data as Uint8Array;
  const { data } = toRGB(image);
  const pixels = new Uint8Array((data.length / 3) * 4).fill(255);
  for (let i = 0; i < data.length / 3; i++) for (let c = 0; c < 3; c++) pixels[4 * i + c] = data[3 * i + c]!;
  return pixels;
}
