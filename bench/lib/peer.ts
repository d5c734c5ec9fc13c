import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = new URL('../', import.meta.url);
const cache = new URL('../../.cache/bench/', import.meta.url);

/** Figures that a measured process prints as its last line; of all of them, less is better. */
export type Measured = Record<string, number>;

export interface GraphInput {
  dtype: 'float32' | 'int64' | 'int32' | 'bool';
  shape: number[];
  /** Every element; without it, floats in [-1, 1]. */
  fill?: number;
}

/** Runs `bench/<script>` in a Node process of its own, so that its peak memory is its own. */
export function runNode(script: string, args: string[] = []): Measured {
  const flags = ['--conditions=crossmodal-source', '--import', 'tsx'];
  return run(process.execPath, [...flags, fileURLToPath(new URL(script, folder)), ...args]);
}

/** Runs a Python script with PyTorch; undefined, with a note, where there is none. `PYTHON` names the interpreter. */
export function runTorch(script: string, args: string[] = []): Measured | undefined {
  const python = pythonWith('torch');
  return python === undefined ? undefined : run(python, [fileURLToPath(new URL(script, folder)), ...args]);
}

/**
 * An ONNX file under `.cache/bench`, written by `<script> ...args <file>` where there is none yet or the script is
 * newer; undefined, with a note, where the interpreter has no PyTorch or no `onnx`.
 *
 * @param name Of the file; name in it whatever the graph depends on, such as a batch size.
 */
export function exportOnnx(name: string, script: string, args: string[] = []): string | undefined {
  const path = fileURLToPath(new URL(script, folder));
  const file = fileURLToPath(new URL(`${name}.onnx`, cache));
  if (existsSync(file) && statSync(file).mtimeMs > statSync(path).mtimeMs) return file;
  const python = pythonWith('torch', 'onnx');
  if (python === undefined) return;
  mkdirSync(cache, { recursive: true });
  output(python, [path, ...args, file]);
  return file;
}

/**
 * Runs a whole graph in onnxruntime-node, in a process of its own.
 *
 * @returns `median` and `best` milliseconds a run, peak `megabytes`.
 */
export function runOnnxGraph(
  file: string,
  inputs: Record<string, GraphInput>,
  { threads, runs = 5 }: { threads?: number | undefined; runs?: number } = {},
): Measured {
  return runNode('peers/onnx-graph.ts', [JSON.stringify({ file, inputs, threads, runs })]);
}

/** The interpreter, if it has the modules; else a note. */
function pythonWith(...modules: string[]): string | undefined {
  const python = process.env['PYTHON'] ?? 'python3';
  if (spawnSync(python, ['-c', `import ${modules.join(', ')}`]).status === 0) return python;
  const what = modules.join(' and ');
  console.log(`${python} lacks ${what}: no comparison. PYTHON=<interpreter with ${what}> makes one.`);
  return;
}

function run(command: string, args: string[]): Measured {
  return JSON.parse(output(command, args).trim().split('\n').at(-1)!) as Measured;
}

function output(command: string, args: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${stderr}`);
  return stdout;
}
