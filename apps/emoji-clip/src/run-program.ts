import { isCrossmodalError } from '@crossmodal/core';
import type { Command } from 'commander';

/** Does what the command line says; of an error of ours it shows the text alone, and ends with exit code 1. */
export async function runProgram(program: Command): Promise<void> {
  try {
    await program.parseAsync();
  } catch (error) {
    if (!isCrossmodalError(error)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
