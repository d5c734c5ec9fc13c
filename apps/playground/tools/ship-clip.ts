import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readSafetensorsFile } from '@crossmodal/core/node';
import {
  CACHE,
  conceptName,
  loadEmoji,
  PICTURE_SIZE,
  RunFolder,
  stackPictures,
  UNSEEN,
} from '@crossmodal/emoji-clip';
import {
  type Measurements,
  measure,
  pictureFeatures,
  type Recipe,
  restoreModel,
  type TrainedModel,
  textFeatures,
} from '@crossmodal/emoji-clip/browser';
import { assertPermissive, licenceLine } from './licences';
import { BUILD, copyAsHalf, copyText, filesOf, MODELS } from './model-folder';
import type { Figure, ShippedModel } from './shipped-models';

/** Ships the CLIP of a run of emoji-clip, measured on drawings that it has never seen. */
export async function shipCLIP(run: string, command: string): Promise<ShippedModel> {
  const folder = new RunFolder(run);
  const target = join(MODELS, 'clip');
  const trained = await folder.loadModel();
  assertPermissive(trained.recipe.designers);
  for (const file of ['config.json', 'tokenizer.json'])
    await copyText(join(folder.model, file), join(target, file));
  await copyAsHalf(join(folder.model, 'model.safetensors'), join(target, 'model.safetensors'));
  const shipped = await restoreShippedCLIP();
  const [before, after] = [await measureUnseen(trained), await measureUnseen(shipped)];
  const { designers } = trained.recipe;
  return {
    id: 'clip',
    title: 'CLIP of emoji: words in English and Chinese, pictures of 32 x 32 pixels',
    parameters: trained.clip.parameterCount().total,
    files: await filesOf('clip'),
    command: `${command} && ${BUILD}`,
    figures: (['en', 'zh'] as const).flatMap((language) =>
      figures(language, after[language], before[language]),
    ),
    designers: [...designers],
    licence: licenceLine(designers),
  };
}

/** The CLIP as it is shipped. */
export async function restoreShippedCLIP(): Promise<TrainedModel> {
  const read = async (name: string) => JSON.parse(await readFile(join(MODELS, 'clip', name), 'utf8'));
  return restoreModel({
    recipe: (await read('config.json')) as Recipe,
    tokenizer: (await read('tokenizer.json')) as Record<string, unknown>,
    weights: await readSafetensorsFile(join(MODELS, 'clip/model.safetensors')),
  });
}

async function measureUnseen({
  clip,
  tokenizer,
  recipe,
}: TrainedModel): Promise<Record<'en' | 'zh', Measurements>> {
  const { concepts, pictures } = await loadEmoji(CACHE, [UNSEEN.id]);
  const unseen = stackPictures([pictures.get(UNSEEN.id)!], PICTURE_SIZE);
  const seen = { ...(await pictureFeatures(clip, unseen, recipe.imageSize)), concepts: unseen.concepts };
  const measureIn = async (language: 'en' | 'zh') => {
    const names = concepts.map((concept) => conceptName(concept, language));
    return measure(concepts, seen, await textFeatures(clip, tokenizer, names));
  };
  return { en: await measureIn('en'), zh: await measureIn('zh') };
}

const LANGUAGES = { en: 'English', zh: 'Chinese' };

function figures(language: 'en' | 'zh', after: Measurements, before: Measurements): Figure[] {
  const directions = { imageToText: 'picture to name', textToImage: 'name to picture' } as const;
  return (['imageToText', 'textToImage'] as const).flatMap((direction) =>
    [1, 5].map(
      (k): Figure => ({
        name: `${directions[direction]}, ${LANGUAGES[language]}, R@${k}, ${after.pictures} drawings by ${UNSEEN.name}, never trained on`,
        value: after[direction].recallAt[k]!,
        unit: 'share',
        float32: before[direction].recallAt[k]!,
        chance: k * after.chance,
      }),
    ),
  );
}
