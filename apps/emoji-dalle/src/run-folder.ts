import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CheckpointError, ConfigError } from '@crossmodal/core';
import { DALLE } from '@crossmodal/dalle';
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

  /**
   * Begins a run, or goes on with the one that is here.
   *
   * @throws ConfigError when that has another recipe.
   */
  async begin(recipe: Recipe, fresh: boolean): Promise<void> {
    if (fresh) await rm(this.path, { recursive: true, force: true });
    const path = join(this.path, 'recipe.json');
    const json = JSON.stringify(recipe, null, 2);
    if (existsSync(path)) {
      if ((await readFile(path, 'utf8')) === json) return;
      throw new ConfigError(
        `${this.path} holds a run with another recipe. Train anew with --fresh, or elsewhere with --out <folder>.`,
      );
    }
    await mkdir(this.path, { recursive: true });
    await writeWhole(path, json);
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
    const tokenizer = loadTokenizer(await this.readJson('tokenizer.json'), { pad_token: '<pad>' });
    const recipe = (await this.readJson('recipe.json')) as unknown as Recipe;
    const vqvae = await VQVAE.fromPretrained(resolve(this.model, 'vqvae'));
    const dalle = await DALLE.fromPretrained(resolve(this.model, 'dalle'));
    return { vqvae, dalle, tokenizer, recipe };
  }

  private async readJson(name: string): Promise<Record<string, unknown>> {
    const path = join(this.model, name);
    try {
      return JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
    } catch (cause) {
      throw new CheckpointError(
        `${path} is damaged: ${(cause as Error).message} Train anew with: npm run emoji-dalle -- --fresh`,
        { cause },
      );
    }
  }
}

async function writeWhole(path: string, text: string): Promise<void> {
  await writeFile(`${path}.tmp`, text);
  await rename(`${path}.tmp`, path);
}
