import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DALLE } from '@crossmodal/dalle';
import { CACHE } from '@crossmodal/emoji-clip';
import {
  type DALLEFigures,
  loadDrawings,
  measureDALLE,
  measureVQVAE,
  RunFolder,
  tokenize,
} from '@crossmodal/emoji-dalle';
import type { Recipe } from '@crossmodal/emoji-dalle/browser';
import { loadTokenizer, type Tokenizer } from '@crossmodal/processing';
import { VQVAE } from '@crossmodal/vqvae';
import { assertPermissive, licenceLine } from './licences';
import { BUILD, copyAsHalf, copyText, filesOf, MODELS } from './model-folder';
import type { ShippedModel } from './shipped-models';

/** VQ-VAE, DALL-E and their words. */
export interface TrainedDALLE {
  vqvae: VQVAE;
  dalle: DALLE;
  tokenizer: Tokenizer;
  recipe: Recipe;
}

const TARGET = join(MODELS, 'dalle');

/** Ships the VQ-VAE and the DALL-E of a run of emoji-dalle, measured on what their training left out. */
export async function shipDALLE(run: string, command: string): Promise<ShippedModel> {
  const folder = new RunFolder(run);
  const trained = await folder.load();
  assertPermissive(trained.recipe.designers);
  for (const file of ['tokenizer.json', 'recipe.json', 'vqvae/config.json', 'dalle/config.json'])
    await copyText(join(folder.model, file), join(TARGET, file));
  for (const file of ['vqvae/model.safetensors', 'dalle/model.safetensors'])
    await copyAsHalf(join(folder.model, file), join(TARGET, file));
  const [before, after] = [await measureUnseen(trained), await measureUnseen(await restoreShippedDALLE())];
  const { designers, imageSize, vqvae } = trained.recipe;
  const side = imageSize / vqvae.patchSize;
  return {
    id: 'dalle',
    title: `DALL-E of emoji: English words to ${side ** 2} tokens to pictures of ${imageSize} x ${imageSize} pixels`,
    parameters: trained.vqvae.parameterCount().total + trained.dalle.parameterCount().total,
    files: await filesOf('dalle'),
    command: `${command} && ${BUILD}`,
    figures: [
      {
        name: `VQ-VAE: mean PSNR on ${after.pictures} drawings by a designer never trained on`,
        value: after.psnr,
        unit: 'dB',
        float32: before.psnr,
      },
      {
        name: 'VQ-VAE: share of its codes that these drawings use',
        value: after.usage,
        unit: 'share',
        float32: before.usage,
      },
      {
        name: `DALL-E: loss of an image token, ${after.heldOut.pictures} drawings of concepts never trained on; chance: the tokens' own entropy`,
        value: after.heldOut.imageLoss,
        unit: 'nats',
        float32: before.heldOut.imageLoss,
        chance: after.heldOut.unigramEntropy,
      },
      {
        name: 'DALL-E: the same loss with the name of another drawing',
        value: after.heldOut.otherNameLoss,
        unit: 'nats',
        float32: before.heldOut.otherNameLoss,
      },
    ],
    designers: [...designers],
    licence: licenceLine(designers),
  };
}

/** The models as they are shipped. */
export async function restoreShippedDALLE(): Promise<TrainedDALLE> {
  const read = async (name: string) => JSON.parse(await readFile(join(TARGET, name), 'utf8'));
  return {
    vqvae: await VQVAE.fromPretrained(join(TARGET, 'vqvae')),
    dalle: await DALLE.fromPretrained(join(TARGET, 'dalle')),
    tokenizer: loadTokenizer((await read('tokenizer.json')) as Record<string, unknown>, {
      pad_token: '<pad>',
    }),
    recipe: (await read('recipe.json')) as Recipe,
  };
}

async function measureUnseen({ vqvae, dalle, tokenizer, recipe }: TrainedDALLE) {
  const { concepts, unseen, heldOut } = await loadDrawings(recipe, CACHE);
  const most = recipe.measured.pictures;
  const { psnr, usage, pictures } = await measureVQVAE(vqvae, unseen, recipe, most);
  const tokens = await tokenize(vqvae, heldOut, recipe.imageSize);
  const figures: DALLEFigures = await measureDALLE(dalle, tokens, concepts, tokenizer, recipe, most);
  return { psnr, usage, pictures, heldOut: figures };
}
