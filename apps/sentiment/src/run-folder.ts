import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointError, ConfigError } from '@crossmodal/core';
import { readSafetensorsFile, saveSafetensorsFile } from '@crossmodal/core/node';
import type { MultimodalSentimentAnalyzer } from '@crossmodal/sentiment';
import { emptyPictureModel } from './models';
import type { Recipe } from './recipe';

/** Where a run keeps its things. */
export class RunFolder {
  constructor(readonly path: string) {}

  get report(): string {
    return join(this.path, 'report.html');
  }
  get figures(): string {
    return join(this.path, 'figures.json');
  }
  get model(): string {
    return join(this.path, 'model');
  }

  /** Where one of the trainings keeps its things. */
  stage(name: string): { checkpoints: string; log: string } {
    return { checkpoints: join(this.path, 'checkpoints', name), log: join(this.path, `${name}.jsonl`) };
  }

  /** Whether there is a model to use. */
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
    await this.writeWhole(path, json);
  }

  async save(model: MultimodalSentimentAnalyzer, recipe: Recipe): Promise<void> {
    await mkdir(this.model, { recursive: true });
    await saveSafetensorsFile(join(this.model, 'model.safetensors'), await model.stateDict());
    await this.writeWhole(join(this.model, 'recipe.json'), JSON.stringify(recipe, null, 2));
  }

  /** @throws CheckpointError when there is no trained model here, or its files are damaged. */
  async load(): Promise<{ model: MultimodalSentimentAnalyzer; recipe: Recipe }> {
    if (!this.isFinished)
      throw new CheckpointError(
        `There is no trained model in ${this.model} yet. Train one with: npm run sentiment`,
      );
    const path = join(this.model, 'recipe.json');
    let recipe: Recipe;
    try {
      recipe = JSON.parse(await readFile(path, 'utf8')) as Recipe;
    } catch (cause) {
      throw new CheckpointError(
        `${path} is damaged: ${(cause as Error).message} Train anew with: npm run sentiment -- --fresh`,
        { cause },
      );
    }
    const model = emptyPictureModel(recipe);
    await model.loadTensors(await readSafetensorsFile(join(this.model, 'model.safetensors')));
    return { model, recipe };
  }

  async writeWhole(path: string, text: string): Promise<void> {
    await writeFile(`${path}.tmp`, text);
    await rename(`${path}.tmp`, path);
  }
}
