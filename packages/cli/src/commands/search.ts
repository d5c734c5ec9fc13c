import { ImageTextRetriever } from '@crossmodal/clip';
import type { Command } from 'commander';
import { type ImageOptions, Images, withImages } from '../images';
import { type CommandIO, print } from '../io';
import { openModel } from '../open-model';
import { type ModelOptions, positiveInteger, withModel } from '../options';

interface SearchOptions extends ModelOptions, ImageOptions {
  images: string[];
  byImage?: string;
  topK: number;
}

/** `crossmodal search`: the pictures that fit words, or another picture, best. */
export function addSearch(program: Command, io: CommandIO): Command {
  return withImages(withModel(program.command('search [words...]')))
    .description('find the pictures that fit words best, or are most like another')
    .requiredOption('-i, --images <paths...>', 'pictures, folders of them, or patterns')
    .option('--by-image <picture>', 'look for what is like this picture instead of words')
    .option('-k, --top-k <count>', 'how many to find', positiveInteger, 10)
    .addHelpText(
      'after',
      `
Examples:
  $ crossmodal search a red car at night --images photos/ --model openai/clip-vit-base-patch32
  $ crossmodal search --by-image cat.jpg --images photos/ -m OFA-Sys/chinese-clip-vit-base-patch16 --json`,
    )
    .action(async (words: string[], options: SearchOptions, command: Command) => {
      const text = words.join(' ');
      if ((text === '') === (options.byImage === undefined))
        command.error('error: expected words to look for, or --by-image with a picture, not both');
      const images = new Images(options.images, options, io);
      const retriever = new ImageTextRetriever(await openModel(options, io));
      const { batchSize, topK: k, byImage } = options;
      await retriever.addImageStream(images, { batchSize, signal: io.signal, onSkip: images.onSkip });
      images.check();
      const query = byImage === undefined ? { text } : { image: byImage };
      const hits = await retriever.searchImages(query, { k });
      const rows = hits.map(({ id, score }) => ({ image: id, score }));
      print(io, options.json, rows, () =>
        rows.map(({ image, score }) => `${score.toFixed(3)}  ${image}`).join('\n'),
      );
    });
}
