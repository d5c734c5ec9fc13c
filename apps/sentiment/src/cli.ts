import { runProgram, stopSignal, UNSEEN } from '@crossmodal/emoji-clip';
import { Command } from 'commander';
import { type PredictCommandOptions, predictCommand, promptCommand } from './commands/predict';
import { type TrainCommandOptions, trainCommand } from './commands/train';
import { RunFolder } from './run-folder';

const program = new Command('npm run sentiment --')
  .description(
    'What does a sentence with a picture feel like? Trained on human ratings: text alone, picture alone, and both.',
  )
  .option(
    '--out <folder>',
    'where the run is kept (default: runs/sentiment, with -quick or -playground behind it)',
  )
  .showHelpAfterError();

program
  .command('train', { isDefault: true })
  .description('train, measure and report; goes on where it was stopped')
  .option('--quick', 'all of it in about a minute: shows that it runs, not how well')
  .option('--playground', 'the small model of the playground: sentences with pictures, nothing shared alike')
  .option('--fresh', 'throw away what an earlier run left, and begin anew')
  .option('--data <folder>', 'where chinese-sentiment and vader are', '../shared/data')
  .action(async (options: TrainCommandOptions) => {
    const folder = runFolder(options);
    const finished = await trainCommand(folder, options, stopSignal());
    if (finished && process.stdin.isTTY) await promptCommand(folder, UNSEEN.id);
  });

program
  .command('predict')
  .description('say what a sentence, a picture or both feel like; without either, asks for them')
  .argument('[sentence...]', 'English words')
  .option('--image <picture>', 'an emoji, or the path of a picture')
  .option('--designer <id>', 'who draws the emoji', UNSEEN.id)
  .action(async (words: string[], options: PredictCommandOptions) => {
    const asks = words.length === 0 && options.image === undefined && process.stdin.isTTY;
    if (asks) await promptCommand(trainedFolder(), options.designer);
    else await predictCommand(trainedFolder(), words.join(' '), options);
  });

await runProgram(program);

function runFolder({ quick, playground }: Partial<TrainCommandOptions> = {}): RunFolder {
  const { out } = program.opts<{ out?: string }>();
  return new RunFolder(out ?? `runs/sentiment${quick ? '-quick' : playground ? '-playground' : ''}`);
}

/** The full run, or else the quick one. */
function trainedFolder(): RunFolder {
  const full = runFolder();
  if (full.isFinished || program.opts<{ out?: string }>().out) return full;
  const quick = runFolder({ quick: true });
  return quick.isFinished ? quick : full;
}
