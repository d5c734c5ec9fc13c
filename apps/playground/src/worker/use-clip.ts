import type {
  CLIP,
  CLIPTextTransformer,
  CLIPVisionTransformer,
  PixelProcessor,
  TextTokenizer,
} from '@crossmodal/clip';
import { bytesSource, openSafetensors } from '@crossmodal/core';
import { type EmojiCLIP, pictureProcessor } from '@crossmodal/emoji-clip/browser';
import { type ModelId, readTrained, readTrainedWeights, SHIPPED } from '../models/trained-model';
import { PlaygroundError } from '../playground-error';
import { perEngine } from './engine';
import { shippedCLIP } from './shipped/shipped-clip';

/** A CLIP ready to use: the one that comes with the page, or one that was trained in it. */
export type UsableCLIP = { tokenizer: TextTokenizer; processor: PixelProcessor } & (
  | { architecture: 'convolution'; clip: EmojiCLIP }
  | { architecture: 'transformer'; clip: CLIP<CLIPVisionTransformer, CLIPTextTransformer> }
);

interface Trained {
  id: ModelId;
  get: () => Promise<UsableCLIP>;
  made?: UsableCLIP;
  /** How many work with it. */
  users: number;
}

/** The one that was asked for last. */
let trained: Trained | undefined;

/** Works with a model. One that another takes the place of goes once nobody works with it any more. */
export async function useCLIP<T>(id: ModelId, work: (model: UsableCLIP) => Promise<T>): Promise<T> {
  if (id === SHIPPED) return work(await shippedCLIP());
  if (trained?.id !== id) {
    dropTrained();
    const entry: Trained = {
      id,
      users: 0,
      get: perEngine(async () => {
        entry.made = await load(id);
        return entry.made;
      }),
    };
    trained = entry;
  }
  const mine = trained;
  mine.users++;
  try {
    return await work(await mine.get());
  } finally {
    mine.users--;
    if (mine !== trained) disposeUnused(mine);
  }
}

/** Is told that the trained model is no longer wanted. */
export function dropTrained(): void {
  const last = trained;
  trained = undefined;
  if (last) disposeUnused(last);
}

function disposeUnused({ users, made }: Trained): void {
  if (users === 0) made?.clip.dispose();
}

async function load(id: ModelId): Promise<UsableCLIP> {
  const [model, weights] = [await readTrained(), await readTrainedWeights(id)];
  if (model?.id !== id || !weights) throw new PlaygroundError('models.gone');
  const { buildModel } = await import('../train/run-model');
  const { clip, tokenizer, imageSize } = buildModel(model.description, 0);
  await clip.loadTensors(await openSafetensors(bytesSource(weights, 'model.safetensors')));
  const { architecture } = model;
  return { architecture, clip, tokenizer, processor: pictureProcessor(imageSize) } as UsableCLIP;
}
