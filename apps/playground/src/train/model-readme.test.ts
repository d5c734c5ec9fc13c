import '@crossmodal/backend-onnx';
import * as fs from 'node:fs/promises';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import * as clip from '@crossmodal/clip';
import * as core from '@crossmodal/core';
import * as coreNode from '@crossmodal/core/node';
import * as processing from '@crossmodal/processing';
import { codeBlocks, runExample } from '@crossmodal/test-utils';
import sharp from 'sharp';
import { afterEach, expect, it } from 'vitest';
import { describeModel } from './describe-model';
import { modelFiles } from './model-files';
import { buildModel } from './run-model';
import { defaultSettings } from './run-settings';
import { STORED_SIZE } from './stored-size';
import { ownTrainingSet } from './training-set';

const modules: Record<string, unknown> = {
  '@crossmodal/clip': clip,
  '@crossmodal/core': core,
  '@crossmodal/core/node': coreNode,
  '@crossmodal/processing': processing,
  'node:fs/promises': fs,
};
const home = process.cwd();
afterEach(() => process.chdir(home));

const LABELS = ['the RED apple!', 'a green square', '红苹果', 'blue'];

it.each(['transformer', 'convolution'] as const)(
  'the code in the README of a %s opens its files in Node, to the same probabilities',
  async (architecture) => {
    await core.useBackend('onnx');
    const settings = defaultSettings('own', 'scratch', architecture);
    const captions = ['red apple', 'green square', 'blue star', '红苹果'];
    const pixels = new Uint8Array(captions.length * STORED_SIZE * STORED_SIZE * 4).fill(255);
    const description = await describeModel(settings, ownTrainingSet({ pixels, captions }));
    const model = buildModel(description, 3);
    // As after training: no tensor is as a new model has it.
    const rng = new core.Rng(9);
    const state = await model.clip.stateDict();
    for (const { dtype, bytes } of Object.values(state)) {
      if (dtype !== 'F32') continue;
      const values = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
      for (let i = 0; i < values.length; i++) values[i]! += rng.uniform(0, 0.1);
    }
    model.clip.loadStateDict(state);
    const facts = {
      settings,
      begun: 0,
      training: 3,
      heldOut: 1,
      candidates: 4,
      heldOutBy: 'pictures' as const,
      parameters: 1,
    };
    const files = modelFiles(description, state, facts);
    const folder = await mkdtemp(join(tmpdir(), 'crossmodal-'));
    for (const [name, content] of Object.entries(files))
      await writeFile(join(folder, name), typeof content === 'string' ? content : Buffer.concat(content));
    const picture = Buffer.from(Array.from({ length: 40 * 40 * 4 }, (_, i) => (i * i + 7 * i) % 251));
    await sharp(picture, { raw: { width: 40, height: 40, channels: 4 } })
      .png()
      .toFile(join(folder, 'picture.png'));

    process.chdir(folder);
    const [code] = codeBlocks(files['README.md'] as string, 'ts');
    const printed = await runExample(code!.replace("['cat', 'dog']", JSON.stringify(LABELS)), modules);

    const imageProcessor = processing.ImageProcessor.fromConfig(
      JSON.parse(files['preprocessor_config.json'] as string),
    );
    const direct = new clip.ZeroShotClassifier({
      ...model,
      imageProcessor,
      labels: LABELS,
      templates: ['{}'],
    });
    const result = await direct.classify('picture.png');
    expect(new Set(result.probabilities).size).toBe(LABELS.length);
    expect(printed).toBe(`${inspect(result)}\n`);
    model.clip.dispose();
    await rm(folder, { recursive: true });
  },
);
