import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointError } from '@crossmodal/core';
import { readSafetensorsFile, saveSafetensorsFile } from '@crossmodal/core/node';
import { readRunJson, writeWhole } from '@crossmodal/emoji-clip';
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

  async save(model: MultimodalSentimentAnalyzer, recipe: Recipe): Promise<void> {
    await mkdir(this.model, { recursive: true });
    await saveSafetensorsFile(join(this.model, 'model.safetensors'), await model.stateDict());
    await writeWhole(join(this.model, 'recipe.json'), JSON.stringify(recipe, null, 2));
  }

  /** @throws CheckpointError when there is no trained model here, or its files are damaged. */
  async load(): Promise<{ model: MultimodalSentimentAnalyzer; recipe: Recipe }> {
    if (!this.isFinished)
      throw new CheckpointError(
        `There is no trained model in ${this.model} yet. Train one with: npm run sentiment`,
      );
    const recipe = await readRunJson<Recipe>(join(this.model, 'recipe.json'), 'npm run sentiment');
    const model = emptyPictureModel(recipe);
    await model.loadTensors(await readSafetensorsFile(join(this.model, 'model.safetensors')));
    return { model, recipe };
  }
}
