import { readFile } from 'node:fs/promises';
import { encodeImageStream, encodeTexts, FeatureIndex } from '@crossmodal/clip';
import { DataError, hostTensorFromValues, type StateDict } from '@crossmodal/core';
import { saveSafetensorsFile } from '@crossmodal/core/node';
import type { Command } from 'commander';
import { type ImageOptions, Images, withImages } from '../images';
import { type CommandIO, counter, print } from '../io';
import { openModel } from '../open-model';
import { type ModelOptions, withModel } from '../options';

interface EmbedOptions extends ModelOptions, ImageOptions {
  out: string;
  texts?: string;
}

/** `crossmodal embed`: pictures and texts to vectors, in a file. */
export function addEmbed(program: Command, io: CommandIO): Command {
  return withImages(withModel(program.command('embed [images...]')))
    .description('write the vectors of pictures, and of the lines of a text file, to a safetensors file')
    .requiredOption(
      '-o, --out <file>',
      'what to write: tensors `images` and `texts` [count, dim], rows of length 1',
    )
    .option('--texts <file>', 'a text on each line, in UTF-8')
    .addHelpText(
      'after',
      `
The names of the rows are in the file's metadata, as JSON lists under \`images\` and \`texts\`.

Examples:
  $ crossmodal embed photos/ --model openai/clip-vit-base-patch32 --out photos.safetensors
  $ crossmodal embed "photos/*.jpg" -m ./my-clip --texts captions.txt --out pairs.safetensors`,
    )
    .action(async (inputs: string[], options: EmbedOptions) => {
      const texts = options.texts === undefined ? [] : await readLines(options.texts);
      if (inputs.length + texts.length === 0)
        throw new DataError('embed: expected pictures, or --texts with a file of them.');
      const { clip, imageProcessor, tokenizer } = await openModel(options, io);
      const { batchSize } = options;
      const { signal } = io;
      const state: StateDict = {};
      const keep = (name: string, rows: number, features: Float32Array) => {
        state[name] = hostTensorFromValues(features, [rows, clip.projectionDim], 'F32');
      };
      const index = new FeatureIndex(clip.projectionDim);
      if (inputs.length > 0) {
        const files = new Images(inputs, options, io);
        const encoding = { batchSize, signal, onSkip: files.onSkip };
        for await (const { id, features } of encodeImageStream(clip, imageProcessor, files, encoding))
          index.add([id], features);
        files.check();
        keep('images', index.size, index.features);
      }
      const images = index.ids;
      if (texts.length > 0) {
        const encoding = { batchSize, signal, onProgress: counter(io, 'texts') };
        keep('texts', texts.length, await encodeTexts(clip, tokenizer, texts, encoding));
      }
      const metadata = { images: JSON.stringify(images), texts: JSON.stringify(texts), model: options.model };
      await saveSafetensorsFile(options.out, state, { metadata });
      const result = {
        out: options.out,
        images: images.length,
        texts: texts.length,
        dim: clip.projectionDim,
      };
      print(
        io,
        options.json,
        result,
        () => `${result.out}: ${images.length} pictures, ${texts.length} texts, ${result.dim} values each`,
      );
    });
}

async function readLines(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch((cause: Error) => {
    throw new DataError(`${path}: cannot be read: ${cause.message}`, { cause });
  });
  return text.split(/\r?\n/).filter((line) => line.trim() !== '');
}
