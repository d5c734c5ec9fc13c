import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const folder = new URL('../', import.meta.url);

/** What a measured process prints as its last line. */
export type Measured = Record<string, number>;

/** Runs `bench/<script>` in a Node process of its own, so that its peak memory is its own. */
export function runNode(script: string, args: string[] = []): Measured {
  const flags = ['--conditions=crossmodal-source', '--import', 'tsx'];
  return run(process.execPath, [...flags, fileURLToPath(new URL(script, folder)), ...args]);
}

/** Runs a Python script with PyTorch; undefined, with a note, where there is none. `PYTHON` names the interpreter. */
export function runTorch(script: string, args: string[] = []): Measured | undefined {
  const python = process.env['PYTHON'] ?? 'python3';
  if (spawnSync(python, ['-c', 'import torch']).status !== 0) {
    console.log(`PyTorch is missing in ${python}: no comparison. PYTHON=<interpreter with torch> makes one.`);
    return;
  }
  return run(python, [fileURLToPath(new URL(script, folder)), ...args]);
}

function run(command: string, args: string[]): Measured {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${stderr}`);
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Measured;
}
