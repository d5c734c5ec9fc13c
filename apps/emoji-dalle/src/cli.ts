import { runProgram, stopSignal } from '@crossmodal/emoji-clip';
import { Command, InvalidArgumentError } from 'commander';
import { drawCommand } from './commands/draw';
import { trainCommand } from './commands/train';
import { RunFolder } from './run-folder';

interface Options {
  quick?: boolean;
  playground?: boolean;
  fresh?: boolean;
  out?: string;
  clip?: string;
  count: number;
  seed: number;
}

const program = new Command('npm run emoji-dalle --')
  .description(
    'A DALL-E of emoji. Without a prompt: trains it, measures it and writes a report, going on where it was stopped. ' +
      'With one: draws it.',
  )
  .argument('[prompt...]', 'what to draw')
  .option('--quick', 'all of it in about a minute: shows that it runs, not how well')
  .option('--playground', 'the small models of the playground, of drawings without share-alike')
  .option('--fresh', 'throw away what an earlier run left, and begin anew')
  .option(
    '--out <folder>',
    'where the run is kept (default: runs/emoji-dalle, with -quick or -playground behind it)',
  )
  .option('--clip <folder>', 'the run of emoji-clip whose CLIP ranks pictures (default: runs/emoji-clip)')
  .option('-n, --count <count>', 'pictures of the prompt', wholeNumber(1), 8)
  .option('--seed <seed>', 'of the pictures: the same one makes the same ones', wholeNumber(0), 0)
  .showHelpAfterError()
  .action(async (words: string[], options: Options) => {
    if (words.length > 0) await drawCommand(trainedFolder(options), words.join(' '), options);
    else await trainCommand(runFolder(options), options, stopSignal());
  });

await runProgram(program);

function runFolder({ out, quick, playground }: Options): RunFolder {
  return new RunFolder(out ?? `runs/emoji-dalle${quick ? '-quick' : playground ? '-playground' : ''}`);
}

/** The full run, or else the quick one. */
function trainedFolder(options: Options): RunFolder {
  const asked = runFolder(options);
  if (options.out || asked.isFinished) return asked;
  const quick = runFolder({ ...options, quick: true });
  return quick.isFinished ? quick : asked;
}

function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least)
      throw new InvalidArgumentError(`expected a whole number from ${least}.`);
    return value;
  };
}
