import { ZeroShotClassifier } from '@crossmodal/clip';
import type { Command } from 'commander';
import { findImages } from '../find-images';
import { type CommandIO, counter, print } from '../io';
import { openModel } from '../open-model';
import { commaList, type ModelOptions, positiveInteger, withModel } from '../options';

interface ClassifyOptions extends ModelOptions {
  labels: string[];
  template?: string[];
  contrast?: string[];
  multiLabel?: boolean;
  topK?: number;
}

/** `crossmodal classify`: pictures into classes given in words. */
export function addClassify(program: Command, io: CommandIO): Command {
  return withModel(program.command('classify <images...>'))
    .description('say which of some labels fits each picture best')
    .requiredOption('-l, --labels <list>', 'labels with commas between', commaList)
    .option('-t, --template <sentences...>', 'sentences with {} for the label (default: seven of CLIP’s)')
    .option('--multi-label', 'several labels may be true: SigLIP, or with --contrast')
    .option('--contrast <sentences...>', 'sentences for pictures that no label fits: "a photo."')
    .option('-k, --top-k <count>', 'labels to list for each picture', positiveInteger, 5)
    .addHelpText(
      'after',
      `
Examples:
  $ crossmodal classify photo.jpg --model openai/clip-vit-base-patch32 --labels cat,dog
  $ crossmodal classify photos/ "more/*.png" -m ./my-clip -l cat,dog --template "a drawing of a {}" --json`,
    )
    .action(async (inputs: string[], options: ClassifyOptions) => {
      const images = await findImages(inputs);
      const model = await openModel(options, io);
      const { labels, template: templates, contrast, batchSize, topK, multiLabel } = options;
      const classifier = new ZeroShotClassifier({
        ...model,
        labels,
        ...(templates && { templates }),
        ...(contrast && { contrast }),
      });
      const results = await classifier.classifyAll(images, {
        batchSize,
        topK: Math.min(topK ?? 5, labels.length),
        ...(multiLabel && { multiLabel }),
        signal: io.signal,
        onProgress: counter(io, 'pictures'),
      });
      const rows = results.map(({ top }, i) => ({ image: images[i]!, labels: top }));
      print(io, options.json, rows, () =>
        rows
          .map(({ image, labels }) =>
            [image, ...labels.map(({ label, probability }) => `${percent(probability)}  ${label}`)].join(
              '\n  ',
            ),
          )
          .join('\n'),
      );
    });
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1).padStart(5)} %`;
}
