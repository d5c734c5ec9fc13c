import { isCrossmodalError } from '@crossmodal/core';
import { Command, CommanderError } from 'commander';
import { addClassify } from './commands/classify';
import { addEmbed } from './commands/embed';
import { addExport } from './commands/export';
import { addInspect } from './commands/inspect';
import { addSearch } from './commands/search';
import { addTrain } from './commands/train';
import type { CommandIO } from './io';

/** What the process ends with: 0 done, 1 failed, 2 asked for something that is not there, 130 stopped. */
export type ExitCode = 0 | 1 | 2 | 130;

/**
 * Runs the command line.
 *
 * @param args What follows `crossmodal`.
 * @example
 * process.exitCode = await run(['classify', 'cat.jpg', '--model', folder, '--labels', 'cat,dog'], io);
 */
export async function run(args: readonly string[], io: CommandIO): Promise<ExitCode> {
  const program = new Command('crossmodal')
    .description('Multimodal models on the command line: classify, embed, search, train, export and inspect.')
    .addHelpText(
      'after',
      `
Models are a folder, or a name on the Hugging Face hub, which is downloaded once (HF_HOME, HF_ENDPOINT, HF_TOKEN
and HF_HUB_OFFLINE as in Python).

Exit codes: 0 done, 1 failed, 2 asked for something that is not there, 130 stopped.`,
    )
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
    })
    .exitOverride();
  for (const add of [addClassify, addEmbed, addSearch, addTrain, addExport, addInspect]) {
    const command = add(program, io);
    command
      .configureOutput(program.configureOutput())
      .exitOverride()
      .showHelpAfterError('(--help has examples)');
  }
  try {
    await program.parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // it has said why
    if (io.signal.aborted) {
      io.stderr.write('\nStopped.\n');
      return 130;
    }
    // A mistake of ours is shown whole.
    const text = isCrossmodalError(error)
      ? error.message
      : error instanceof Error
        ? error.stack
        : String(error);
    io.stderr.write(`${text}\n`);
    return 1;
  }
}
