import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CheckpointError } from '@crossmodal/core';
import { DALLE } from '@crossmodal/dalle';
import { readRunJson, writeWhole } from '@crossmodal/emoji-clip';
import { type ByteLevelBPETokenizer, loadTokenizer, type Tokenizer } from '@crossmodal/processing';
import { VQVAE } from '@crossmodal/vqvae';
import type { Recipe } from './recipe';

/** Where one of the two trainings keeps its things. */
export interface Stage {
  checkpoints: string;
  log: string;
}

/** Everything that drawing takes. */
export interface TrainedModels {
  vqvae: VQVAE;
  dalle: DALLE;
  tokenizer: Tokenizer;
  recipe: Recipe;
}

/** Where a run keeps its things. */
export class RunFolder {
  constructor(readonly path: string) {}

  get report(): string {
    return join(this.path, 'report.html');
  }
  get pictures(): string {
    return join(this.path, 'pictures');
  }
  get model(): string {
    return join(this.path, 'model');
  }

  stage(name: 'vqvae' | 'dalle'): Stage {
    return { checkpoints: join(this.path, 'checkpoints', name), log: join(this.path, `${name}.jsonl`) };
  }

  /** Whether the run ended: there are models to use. */
  get isFinished(): boolean {
    return existsSync(join(this.model, 'recipe.json')); // written last
  }

  async save({
    vqvae,
    dalle,
    tokenizer,
    recipe,
  }: TrainedModels & { tokenizer: ByteLevelBPETokenizer }): Promise<void> {
    await vqvae.saveTo(resolve(this.model, 'vqvae'));
    await dalle.saveTo(resolve(this.model, 'dalle'));
    await writeWhole(join(this.model, 'tokenizer.json'), JSON.stringify(tokenizer.toJSON()));
    await writeWhole(join(this.model, 'recipe.json'), JSON.stringify(recipe, null, 2));
  }

  /** @throws CheckpointError when there is no finished run here, or its files are damaged. */
  async load(): Promise<TrainedModels> {
    if (!this.isFinished) {
      throw new CheckpointError(
        `There are no trained models in ${this.model} yet. Train them with: npm run emoji-dalle`,
      );
    }
    const read = <T>(name: string) => readRunJson<T>(join(this.model, name), 'npm run emoji-dalle');
    const tokenizer = loadTokenizer(await read<Record<string, unknown>>('tokenizer.json'), {
      pad_token: '<pad>',
    });
    const recipe = await read<Recipe>('recipe.json');
    const vqvae = await VQVAE.fromPretrained(resolve(this.model, 'vqvae'));
    const dalle = await DALLE.fromPretrained(resolve(this.model, 'dalle'));
    return { vqvae, dalle, tokenizer, recipe };
  }
}
