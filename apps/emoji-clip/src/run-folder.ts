import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointError } from '@crossmodal/core';
import { readSafetensorsFile, saveSafetensorsFile } from '@crossmodal/core/node';
import type { ByteLevelBPETokenizer } from '@crossmodal/processing';
import type { Recipe } from './recipe';
import { restoreModel, type TrainedModel } from './restore-model';
import { readRunJson, writeWhole } from './run-files';

/** Where a run keeps its things. */
export class RunFolder {
  constructor(readonly path: string) {}

  get checkpoints(): string {
    return join(this.path, 'checkpoints');
  }
  get log(): string {
    return join(this.path, 'log.jsonl');
  }
  get report(): string {
    return join(this.path, 'report.html');
  }
  get model(): string {
    return join(this.path, 'model');
  }

  /** Whether the run ended: there is a model to use. */
  get isFinished(): boolean {
    return existsSync(join(this.model, 'model.safetensors'));
  }

  async saveModel({
    clip,
    tokenizer,
    recipe,
  }: TrainedModel & { tokenizer: ByteLevelBPETokenizer }): Promise<void> {
    await mkdir(this.model, { recursive: true });
    await writeWhole(join(this.model, 'config.json'), JSON.stringify(recipe, null, 2));
    await writeWhole(join(this.model, 'tokenizer.json'), JSON.stringify(tokenizer.toJSON()));
    await saveSafetensorsFile(join(this.model, 'model.safetensors'), await clip.stateDict());
  }

  /** @throws CheckpointError when there is no finished run here, or its files are damaged. */
  async loadModel(): Promise<TrainedModel> {
    if (!this.isFinished) {
      throw new CheckpointError(`There is no trained model in ${this.model} yet. Train one with: npm start`);
    }
    const read = <T>(name: string) => readRunJson<T>(join(this.model, name), 'npm start');
    return restoreModel({
      recipe: await read<Recipe>('config.json'),
      tokenizer: await read<Record<string, unknown>>('tokenizer.json'),
      weights: await readSafetensorsFile(join(this.model, 'model.safetensors')),
    });
  }
}
