import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { TensorflowBackendError } from '../errors';
import { run } from './run';
import { wheels } from './sources';

/** Unpacks, from a wheel, libtensorflow and the C headers that the binding includes. */
const UNPACK = `
import sys, zipfile
wheel, folder = sys.argv[1:]
headers = ['c/', 'core/platform/ctstring']
wanted = ['tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2']
wanted += ['tensorflow/include/tensorflow/' + header for header in headers]
wanted += ['tensorflow/include/tsl/platform/ctstring', 'tensorflow/include/xla/tsl/c/']
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        if name.startswith(tuple(wanted)):
            archive.extract(name, folder)
`;

/** Puts TensorFlow's folder (`libtensorflow_cc.so.2`, `include`) under `folder`, from a wheel given or downloaded. */
export async function unpackWheel(
  python: string,
  folder: string,
  given: string | undefined,
): Promise<string> {
  if (given !== undefined && !existsSync(given)) {
    throw new TensorflowBackendError(
      `--wheel ${given} is not there: pip download tensorflow-cpu --no-deps gets one`,
    );
  }
  const wheel = given ?? (await downloadWheel(python, folder));
  run(python, ['-c', UNPACK, wheel, folder], `is ${wheel} a whole wheel, and is there room for 900 MB?`);
  if (given === undefined) rmSync(wheel);
  return checked(join(folder, 'tensorflow'), wheel);
}

/** The folder of the TensorFlow that a Python has installed. */
export function installedTensorflow(python: string): string {
  const find =
    "import importlib.util as u; print(next(iter(u.find_spec('tensorflow').submodule_search_locations)))";
  return checked(run(python, ['-c', find], `${python} -m pip install 'tensorflow[and-cuda]'`), python);
}

function checked(tensorflow: string, source: string): string {
  for (const file of [
    'libtensorflow_cc.so.2',
    'libtensorflow_framework.so.2',
    'include/tensorflow/c/c_api.h',
  ]) {
    if (!existsSync(join(tensorflow, file)))
      throw new TensorflowBackendError(`${source} has no ${file}: take TensorFlow 2.21 for Linux`);
  }
  return tensorflow;
}

async function downloadWheel(python: string, folder: string): Promise<string> {
  const { project, version, platform, sha256 } = wheels[process.arch]!;
  const args = ['-m', 'pip', '--disable-pip-version-check', 'download', '--no-deps', '--only-binary=:all:'];
  args.push('--python-version', '3.11', '--platform', platform, '--dest', folder, `${project}==${version}`);
  run(
    python,
    args,
    `pip must reach a package index (PIP_INDEX_URL names another); or give a wheel of ${project} ${version} with --wheel`,
    true,
  );
  const wheel = join(folder, readdirSync(folder).find((file) => file.endsWith('.whl'))!);
  const hash = createHash('sha256');
  await pipeline(createReadStream(wheel), hash);
  const got = hash.digest('hex');
  if (got !== sha256) {
    throw new TensorflowBackendError(
      `${project} ${version} has the hash ${got}, expected ${sha256}: the download is damaged or not the original; try again`,
    );
  }
  return wheel;
}
