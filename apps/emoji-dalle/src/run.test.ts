import '@crossmodal/backend-onnx';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BagOfTokensEncoder, CLIP, ResidualVisionEncoder } from '@crossmodal/clip';
import { type Logger, Rng, useBackend } from '@crossmodal/core';
import type { Reranker } from '@crossmodal/dalle';
import {
  beginRun,
  type Concept,
  learnTokenizer,
  type PictureStack,
  pictureProcessor,
  stackPictures,
  textTable,
  wordTokenizer,
} from '@crossmodal/emoji-clip';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createArtist } from './artist';
import type { DrawingData } from './data';
import { quickRecipe, type Recipe } from './recipe';
import { figureRows } from './report/figures';
import { run } from './run';
import { RunFolder } from './run-folder';

const SIZE = 16;
const recipe: Recipe = {
  ...quickRecipe,
  imageSize: SIZE,
  vqvae: { ...quickRecipe.vqvae, steps: 6, batchSize: 8, warmupSteps: 2, hiddenSize: 8, codebookSize: 16 },
  dalle: {
    ...quickRecipe.dalle,
    ...{ steps: 6, batchSize: 8, warmupSteps: 2, hiddenSize: 16, numLayers: 1, numHeads: 2 },
    ...{ textLength: 4, vocabSize: 300 },
  },
  sampling: { ...quickRecipe.sampling, numImages: 2, topK: 8 },
  measured: { onTheWay: 4, pictures: 8, prompts: 3 },
};

const COLOURS = { red: [220, 30, 30], green: [30, 200, 30], blue: [30, 30, 220], yellow: [240, 220, 0] };
const SHAPES = ['square', 'circle', 'bar'];
const concepts: Concept[] = Object.keys(COLOURS).flatMap((colour) =>
  SHAPES.map((shape) => ({
    hexcode: `${colour}-${shape}`,
    emoji: '',
    label: `${colour} ${shape}`,
    tags: [shape],
    labelZh: '',
    tagsZh: [],
    group: 'shapes',
    subgroup: shape,
  })),
);

/** One drawing of each of these concepts, a little smaller for each designer. */
function drawings(chosen: readonly number[], designers: number): PictureStack {
  const sets = Array.from({ length: designers }, (_, designer) => {
    const pixels = new Uint8Array(chosen.length * SIZE * SIZE * 4);
    for (const [i, concept] of chosen.entries()) {
      const colour = Object.values(COLOURS)[Math.floor(concept / SHAPES.length)]!;
      for (let y = 0; y < SIZE; y++) {
        for (let x = 0; x < SIZE; x++) {
          const [dx, dy] = [Math.abs(x - SIZE / 2), Math.abs(y - SIZE / 2)];
          const extent = [Math.max(dx, dy), Math.hypot(dx, dy), Math.max(dx, 3 * dy)][concept % 3]!;
          if (extent < 6 - designer / 4) pixels.set([...colour, 255], ((i * SIZE + y) * SIZE + x) * 4);
        }
      }
    }
    return { pixels, concepts: Int32Array.from(chosen) };
  });
  return stackPictures(sets, SIZE);
}

const HELD_OUT = [1, 5, 6];
const rest = [...concepts.keys()].filter((concept) => !HELD_OUT.includes(concept));
const data: DrawingData = {
  concepts,
  training: drawings(rest, 4),
  heldOut: drawings(HELD_OUT, 4),
  unseen: drawings([...concepts.keys()], 1),
};

describe('a run', () => {
  const root = mkdtempSync(join(tmpdir(), 'emoji-dalle-'));
  let judge: Reranker;

  /** Runs in a folder; is interrupted after that many steps in all, or at a line that it says. */
  async function runIn(name: string, stopAfter = Number.POSITIVE_INFINITY, stopAt?: string) {
    const folder = new RunFolder(join(root, name));
    await beginRun(folder.path, recipe, false);
    const abort = new AbortController();
    let steps = 0;
    const stopper: Logger = ({ type }) => {
      if (type === 'step' && ++steps >= stopAfter) abort.abort();
    };
    const say = (line: string) => {
      if (stopAt && line.includes(stopAt)) abort.abort();
    };
    const figures = await run({
      ...{ recipe, folder, data, judge, attribution: 'drawn by <nobody>' },
      ...{ signal: abort.signal, loggers: [stopper], say },
    });
    return { folder, figures, steps };
  }

  beforeAll(async () => {
    await useBackend('onnx');
    const rng = new Rng(0);
    const tokenizer = await learnTokenizer(concepts, 300, 0);
    const clip = new CLIP({
      visionEncoder: new ResidualVisionEncoder({
        imageSize: SIZE,
        stages: [{ channels: 4, blocks: 0 }],
        rng,
      }),
      textEncoder: new BagOfTokensEncoder({
        ...{ vocabSize: tokenizer.vocabSize, hiddenSize: 8, contextLength: 8 },
        rng,
      }),
      projectionDim: 8,
      rng,
    });
    judge = {
      clip: clip as unknown as CLIP,
      tokenizer: wordTokenizer(tokenizer),
      imageProcessor: pictureProcessor(SIZE),
    };
  });
  afterAll(() => rmSync(root, { recursive: true }));

  it('that was stopped in both trainings ends with the weights and figures of one that was not', async () => {
    const whole = await runIn('whole');
    expect(whole.steps).toBe(12);
    expect((await runIn('stopped', 4)).figures).toBeUndefined(); // in the VQ-VAE
    const second = await runIn('stopped', 5); // its last 2, and 3 of the DALL-E
    expect(second.figures).toBeUndefined();
    expect((await runIn('stopped', 99, 'Drawings to tokens')).figures).toBeUndefined();
    const third = await runIn('stopped');
    expect(third.steps).toBe(3);
    expect(third.figures).toEqual(whole.figures);
    const [a, b] = [await whole.folder.load(), await third.folder.load()];
    expect(await b.vqvae.stateDict()).toEqual(await a.vqvae.stateDict());
    expect(await b.dalle.stateDict()).toEqual(await a.dalle.stateDict());
    const different = beginRun(whole.folder.path, { ...recipe, seed: 9 }, false);
    await expect(different).rejects.toThrow('holds a run with another recipe');
  });

  it('writes a page with every picture and figure', async () => {
    const { folder, figures } = await runIn('whole');
    const html = readFileSync(folder.report, 'utf8');
    for (const text of ['red circle', 'pirate dog', 'drawn by &#60;nobody&#62;', '<svg', 'uPlot'])
      expect(html).toContain(text);
    // 3 held-out names and 8 other prompts of 2 pictures each, and 12 drawings with their reconstructions
    expect(html.match(/<img alt="" src="data:image\/png/g)).toHaveLength(11 * 2 + 12 * 2);
    expect(html).not.toMatch(/(src|href)="http/);
    expect(textTable(figureRows(figures!))).toMatch(/own minus others {2,}-?\d\.\d+ \[-?\d/);
  });

  it('draws with what it saved, and says that a prompt was cut', async () => {
    const { folder } = await runIn('whole');
    const warnings: string[] = [];
    const artist = createArtist(await folder.load(), (message) => warnings.push(message));
    const heights: number[] = [];
    for await (const [image] of artist.generateRows('red square', { seed: 1 }))
      heights.push(image!.picture!.height);
    expect(heights).toEqual([4, 8, 12, 16]);
    expect(warnings).toEqual([]);
    await artist.generate('red square green circle blue bar yellow square');
    expect(warnings).toEqual([
      'TextToImage: prompt: expected at most 4 tokens, received more: cut "red square green circle blue bar yellow square".',
    ]);
  });
});
