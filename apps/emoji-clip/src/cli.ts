import { Command, InvalidArgumentError } from 'commander';
import { classifyCommand } from './commands/classify';
import { searchCommand } from './commands/search';
import { type TrainCommandOptions, trainCommand, UNSEEN } from './commands/train';
import { RunFolder } from './run-folder';
import { runProgram } from './run-program';
import { stopSignal } from './stop-signal';

const program = new Command('npm start --')
  .description(
    'A CLIP of emoji: trained on the drawings of several designers, measured on one it has never seen.',
  )
  .option(
    '--out <folder>',
    'where the run is kept (default: runs/emoji-clip, with -quick or -playground behind it)',
  )
  .showHelpAfterError();

program
  .command('train', { isDefault: true })
  .description('train, measure and report; goes on where it was stopped')
  .option('--quick', 'all of it in about a minute: shows that it runs, not how well')
  .option('--playground', 'the small model of the playground, of drawings without share-alike')
  .option('--fresh', 'throw away what an earlier run left, and begin anew')
  .option('--steps <count>', 'steps of training', positive)
  .action((options: TrainCommandOptions) => trainCommand(runFolder(options), options, stopSignal()));

program
  .command('search <words...>')
  .description('find drawings by words, English or Chinese')
  .option('-n, --count <count>', 'how many', positive, 8)
  .option('--designer <id>', 'whose drawings', UNSEEN.id)
  .action((words: string[], options: { count: number; designer: string }) =>
    searchCommand(trainedFolder(), words.join(' '), options),
  );

program
  .command('classify <picture>')
  .description('say which label fits a picture best')
  .requiredOption('--labels <list>', 'labels with commas between: "dog,cat,car"')
  .action((picture: string, { labels }: { labels: string }) =>
    classifyCommand(trainedFolder(), picture, labels),
  );

await runProgram(program);

function runFolder({ quick, playground }: TrainCommandOptions = {}): RunFolder {
  const { out } = program.opts<{ out?: string }>();
  return new RunFolder(out ?? `runs/emoji-clip${quick ? '-quick' : playground ? '-playground' : ''}`);
}

/** The full run, or else the quick one. */
function trainedFolder(): RunFolder {
  const full = runFolder();
  return full.isFinished || program.opts<{ out?: string }>().out
    ? full
    : ([full, runFolder({ quick: true })].find((f) => f.isFinished) ?? full);
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('expected a positive whole number.');
  return value;
}
