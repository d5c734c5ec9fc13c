import { ZeroShotClassifier, type ZeroShotResult } from '@crossmodal/clip';
import type { Command } from 'commander';
import { type ImageOptions, Images, withImages } from '../images';
import type { CommandIO } from '../io';
import { openModel } from '../open-model';
import { commaList, type ModelOptions, positiveInteger, withModel } from '../options';

interface ClassifyOptions extends ModelOptions, ImageOptions {
  labels: string[];
  template?: string[];
  contrast?: string[];
  multiLabel?: boolean;
  topK: number;
}

/** `crossmodal classify`: pictures into classes given in words. */
export function addClassify(program: Command, io: CommandIO): Command {
  return withImages(withModel(program.command('classify <images...>')))
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
      const images = new Images(inputs, options, io);
      const { labels, template: templates, contrast, batchSize, topK, multiLabel } = options;
      const classifier = new ZeroShotClassifier({
        ...(await openModel(options, io)),
        labels,
        ...(templates && { templates }),
        ...(contrast && { contrast }),
      });
      const results = classifier.classifyStream(images, {
        batchSize,
        topK: Math.min(topK, labels.length),
        ...(multiLabel && { multiLabel }),
        signal: io.signal,
        onSkip: images.onSkip,
      });
      const rows: { image: string; labels: ZeroShotResult['top'] }[] = [];
      for await (const { id, top } of results) {
        rows.push({ image: id, labels: top });
        const lines = [id, ...top.map(({ label, probability }) => `  ${percent(probability)}  ${label}`)];
        if (!options.json) io.stdout.write(`${lines.join('\n')}\n`);
      }
      images.check();
      if (options.json) io.stdout.write(`${JSON.stringify(rows)}\n`);
    });
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1).padStart(5)} %`;
}
