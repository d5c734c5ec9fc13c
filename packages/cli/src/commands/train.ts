import { join } from 'node:path';
import {
  type CLIP,
  type CLIPInput,
  type CLIPOutput,
  clipLoss,
  gradCacheStep,
  lockTower,
  sigLIPLoss,
} from '@crossmodal/clip';
import {
  AdamW,
  ConfigError,
  cosineSchedule,
  type GradientFunction,
  type LossFunction,
  progressLogger,
  Rng,
  Trainer,
  withWarmup,
} from '@crossmodal/core';
import { FolderCheckpointStore } from '@crossmodal/core/node';
import {
  csvPairs,
  folderPairs,
  type ImageTextSample,
  imageTextBatches,
  jsonlPairs,
  parquetPairs,
  type SampleSource,
  samples,
  toTensors,
  webDataset,
} from '@crossmodal/data';
import type { Command } from 'commander';
import { type CommandIO, print } from '../io';
import { openModel } from '../open-model';
import {
  type ModelOptions,
  nonNegativeInteger,
  positiveInteger,
  positiveNumber,
  withModel,
} from '../options';

interface TrainOptions extends ModelOptions {
  data: string;
  captions?: string;
  out: string;
  steps: number;
  learningRate: number;
  weightDecay: number;
  warmup: number;
  chunkSize?: number;
  unlockImage?: number;
  unlockText?: number;
  saveEvery: number;
  seed: number;
}

/** `crossmodal train clip`: a published model, trained on. */
export function addTrain(program: Command, io: CommandIO): Command {
  const train = program.command('train').description('train a model on');
  const command = withModel(train.command('clip'))
    .description(
      'train a CLIP, Chinese-CLIP or SigLIP on with pictures and texts of yours; goes on where it was stopped',
    )
    .requiredOption(
      '-d, --data <path>',
      'a folder, or a .csv, .tsv, .jsonl, .parquet or .tar file (or a pattern of them)',
    )
    .option(
      '--captions <how>',
      'of a folder: txt (cat.txt beside cat.jpg), folders (their names), or a file in it',
    )
    .requiredOption('-o, --out <folder>', 'where the trained model goes; checkpoints on the way go below it')
    .option('--steps <count>', 'steps of training in all', positiveInteger, 1000)
    .option(
      '--learning-rate <rate>',
      'the highest, after warm-up; it then falls along a cosine',
      positiveNumber,
      1e-5,
    )
    .option('--weight-decay <factor>', 'of matrices', positiveNumber, 0.1)
    .option('--warmup <steps>', 'steps until the highest learning rate', nonNegativeInteger, 50)
    .option(
      '--chunk-size <count>',
      'pairs at a time within a batch: large batches in the memory of small ones',
      positiveInteger,
    )
    .option(
      '--unlock-image <groups>',
      'train only so many last parts of the image tower (0: none)',
      nonNegativeInteger,
    )
    .option(
      '--unlock-text <groups>',
      'train only so many last parts of the text tower (0: none)',
      nonNegativeInteger,
    )
    .option('--save-every <steps>', 'steps between checkpoints', positiveInteger, 100)
    .option('--seed <number>', 'of the order of the data and of dropout', nonNegativeInteger, 0)
    .addHelpText(
      'after',
      `
What was trained is a folder for classify and search, and for transformers in Python.

Examples:
  $ crossmodal train clip -m openai/clip-vit-base-patch32 --data photos/ --captions captions.csv --out my-clip
  $ crossmodal train clip -m ./base --data "shards/{000..099}.tar" --batch-size 1024 --chunk-size 64 -o my-clip`,
    )
    .action(async (options: TrainOptions) => {
      const source = sourceOf(options.data, options.captions);
      const model = await openModel(options, io);
      const { clip } = model;
      if (options.unlockImage !== undefined)
        lockTower(clip, 'vision', { unlockedLayers: options.unlockImage });
      if (options.unlockText !== undefined) lockTower(clip, 'text', { unlockedLayers: options.unlockText });
      const rng = new Rng(options.seed);
      const stream = samples(source, { shuffle: true, rng, repeat: Number.POSITIVE_INFINITY });
      const data = imageTextBatches(stream, {
        imageProcessor: model.imageProcessor,
        tokenizer: model.tokenizer,
        tokenize: { padding: clip.textModel.padding ?? 'longest' },
        batchSize: options.batchSize,
        captions: 'random',
        rng,
        collate: toTensors,
      });
      const store = new FolderCheckpointStore(join(options.out, 'checkpoints'));
      const { learningRate, steps, warmup } = options;
      const trainer = new Trainer({
        model: clip,
        optimizer: new AdamW(clip, { weightDecay: options.weightDecay }),
        schedule: withWarmup(cosineSchedule({ learningRate, steps: Math.max(1, steps - warmup) }), warmup),
        loss: lossOf(options.chunkSize),
        data,
        rng,
        clipNorm: 1,
        afterStep: (clip) => clip.clampLogitScale(),
        checkpoints: { store, everySteps: options.saveEvery },
        loggers: [progressLogger({ stream: io.stderr })],
      });
      await trainer.resume();
      const { reason, step, last } = await trainer.fit({ steps, signal: io.signal });
      io.signal.throwIfAborted();
      await clip.saveTo(options.out, { files: model.files });
      const report = stream.report();
      const result = { out: options.out, reason, step, loss: last?.loss, skipped: report.skipped };
      print(io, options.json, result, () =>
        [
          `${options.out}: trained for ${step} steps`,
          ...(report.skipped > 0 ? [`${report.skipped} pairs left out`] : []),
        ].join('; '),
      );
    });
  return command;
}

/** The loss that the model was trained with; in chunks, by GradCache. */
function lossOf(
  chunkSize: number | undefined,
): LossFunction<CLIP, CLIPInput> | GradientFunction<CLIP, CLIPInput> {
  const loss = ({ imageFeatures, textFeatures, logitScale, logitBias }: CLIPOutput) =>
    logitBias
      ? sigLIPLoss(imageFeatures, textFeatures, logitScale, logitBias)
      : clipLoss(imageFeatures, textFeatures, logitScale);
  if (chunkSize === undefined)
    return (clip, batch, context) => ({ loss: loss(clip.forward(batch, context)) });
  return { valueAndGrad: (clip, batch, context) => gradCacheStep(clip, batch, { chunkSize, loss }, context) };
}

/** How data is read, by what it is called. */
function sourceOf(path: string, captions: string | undefined): SampleSource<ImageTextSample> {
  if (captions !== undefined) return folderPairs(path, { captions });
  const ending = /\.(\w+)(\.gz)?$/.exec(path)?.[1]?.toLowerCase();
  switch (ending) {
    case 'csv':
      return csvPairs(path);
    case 'tsv':
      return csvPairs(path, { separator: '\t' });
    case 'jsonl':
      return jsonlPairs(path);
    case 'parquet':
      return parquetPairs(path);
    case 'tar':
      return webDataset(path);
    case undefined:
      return folderPairs(path);
    default:
      throw new ConfigError(
        `--data: ${path}: expected a folder, or a .csv, .tsv, .jsonl, .parquet or .tar file, received .${ending}.`,
      );
  }
}
