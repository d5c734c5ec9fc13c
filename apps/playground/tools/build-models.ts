import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { useBackend } from '@crossmodal/core';
import { licencesText } from './licences';
import { MODELS, writeText } from './model-folder';
import { shipCLIP } from './ship-clip';
import { shipDALLE } from './ship-dalle';
import { shipEmoji } from './ship-emoji';
import { shipSentiment } from './ship-sentiment';
import type { ShippedModel, ShippedModels } from './shipped-models';

/**
 * `npm run playground:models`: writes `public/models` from the finished runs of the apps' `--playground` recipes. A model whose
 * run is not there stays as it is.
 */
const RUNS = [
  {
    id: 'clip',
    run: 'runs/emoji-clip-playground',
    command: 'npm start -- train --playground',
    ship: shipCLIP,
  },
  {
    id: 'dalle',
    run: 'runs/emoji-dalle-playground',
    command: 'npm run emoji-dalle -- --playground',
    ship: shipDALLE,
  },
  {
    id: 'sentiment',
    run: 'runs/sentiment-playground',
    command: 'npm run sentiment -- --playground',
    ship: shipSentiment,
  },
] as const;

const LIST = join(MODELS, 'models.json');

await useBackend();
const asked = process.argv.slice(2);
const isAsked = (id: string) => asked.length === 0 || asked.includes(id);
const before: Partial<ShippedModels> = existsSync(LIST) ? JSON.parse(await readFile(LIST, 'utf8')) : {};
const models: ShippedModel[] = [];
for (const { id, run, command, ship } of RUNS) {
  const earlier = before.models?.find((model) => model.id === id);
  if (isAsked(id) && existsSync(join(run, 'model'))) {
    console.log(`${id}: ${run}`);
    models.push(await ship(run, command));
  } else if (earlier) models.push(earlier);
}
const drawings =
  before.drawings && !isAsked('emoji') ? before.drawings : await shipEmoji(['noto', 'fluent-flat']);
const list: ShippedModels = { models, drawings };
await writeText(LIST, `${JSON.stringify(list, null, 2)}\n`);
await writeText(join(MODELS, 'LICENCES.md'), licencesText(list));
for (const { id, figures } of models)
  for (const { name, value, float32, unit } of figures)
    console.log(`${id}: ${name}: ${value.toFixed(4)} ${unit} (float32: ${float32?.toFixed(4)})`);
const files = [...models, drawings].flatMap((part) => part.files);
for (const { path, bytes } of files) console.log(`${(bytes / 1e6).toFixed(3).padStart(8)} MB  ${path}`);
const weights = files.filter(({ path }) => path.endsWith('.safetensors'));
console.log(`weights: ${(weights.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6).toFixed(2)} MB`);
