import { spawnSync } from 'node:child_process';
import { TensorflowBackendError } from '../errors';

/** Runs a program and gives what it printed; or lets it print (progress) to the terminal as it comes, with `show`. */
export function run(program: string, args: readonly string[], advice: string, show = false): string {
  const { error, status, signal, stdout } = spawnSync(program, args, {
    encoding: 'utf8',
    stdio: ['ignore', show ? 'inherit' : 'pipe', 'inherit'],
  });
  if (error) throw new TensorflowBackendError(`${program} cannot be run (${error.message}): ${advice}`);
  if (status !== 0) {
    throw new TensorflowBackendError(
      `${program} ${args.slice(0, 3).join(' ')} ended with ${signal ?? status}: ${advice}`,
    );
  }
  return stdout?.trim() ?? '';
}

/** The first of the programs that answers `--version`. */
export function firstProgram(names: readonly string[], advice: string): string {
  const found = names.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
  if (found === undefined) throw new TensorflowBackendError(`none of ${names.join(', ')} is here: ${advice}`);
  return found;
}
