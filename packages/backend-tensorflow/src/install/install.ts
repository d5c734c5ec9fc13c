import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { TensorflowBackendError } from '../errors';
import { BINDING } from '../folder';
import { compileBinding } from './compile-binding';
import { installedTensorflow, unpackWheel } from './get-tensorflow';
import { unpackTfjsNode } from './get-tfjs-node';
import { firstProgram, run } from './run';
import { tfjsNode, wheels } from './sources';

export interface InstallOptions {
  /** Where to put it. */
  folder: string;
  /** A wheel of TensorFlow to take instead of downloading one. */
  wheel?: string | undefined;
  /** A Python that has TensorFlow installed: it is used where it lies. This is the way to CUDA. */
  fromPython?: string | undefined;
  /** Whether to build anew what is there already. */
  force?: boolean | undefined;
  log: (line: string) => void;
}

/** What was built, in `built.json` beside it. */
interface Built {
  tfjsNode: string;
  tensorflow: string;
}

/**
 * Builds tfjs-node's binding against a current libtensorflow: from the CPU wheel of PyPI, from a wheel given, or from
 * the TensorFlow that a Python has. Nothing is left where it fails.
 *
 * @throws TensorflowBackendError that says what is missing and how to get it.
 */
export async function install({ folder, wheel, fromPython, force, log }: InstallOptions): Promise<void> {
  if (process.platform !== 'linux' || !wheels[process.arch]) {
    throw new TensorflowBackendError(
      `libtensorflow is built on Linux, x64 or arm64, not ${process.platform} ${process.arch}: use the engine onnx here`,
    );
  }
  const stamp = JSON.stringify({
    tfjsNode: tfjsNode.version,
    tensorflow: fromPython ?? wheel ?? wheels[process.arch]!.version,
  } satisfies Built);
  const stampFile = join(folder, 'built.json');
  if (!force && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) {
    log(`It is there already: ${folder}`);
    return;
  }
  mkdirSync(dirname(folder), { recursive: true });
  const work = mkdtempSync(`${folder}.part-`);
  try {
    const python =
      fromPython ??
      firstProgram(
        [process.env.PYTHON ?? [], 'python3', 'python'].flat(),
        'install Python 3 with pip, or name one in PYTHON',
      );
    log(`1/4 tfjs-node ${tfjsNode.version}`);
    unpackTfjsNode(work);
    log(
      fromPython
        ? `2/4 TensorFlow of ${fromPython}`
        : '2/4 libtensorflow (270 MB to download, 850 MB unpacked)',
    );
    const tensorflow = fromPython ? installedTensorflow(python) : await unpackWheel(python, work, wheel);
    log('3/4 compiling the binding');
    compileBinding(work, tensorflow, fromPython ? tensorflow : '$ORIGIN/../../tensorflow');
    log('4/4 trying it');
    const device = tryBinding(join(work, BINDING));
    rmSync(folder, { recursive: true, force: true });
    writeFileSync(join(work, 'built.json'), stamp);
    renameSync(work, folder);
    log(`Done: ${device}, in ${folder}`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Loads the binding in a process of its own, as a broken one may end it. */
function tryBinding(file: string): string {
  const program = `process.env.TF_CPP_MIN_LOG_LEVEL = '2'; const b = require(${JSON.stringify(file)}); console.log('libtensorflow', b.TF_Version, 'on the', b.isUsingGpuDevice() ? 'GPU' : 'CPU')`;
  return run(process.execPath, ['-e', program], 'the binding was built but does not load here');
}
