import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TensorflowBackendError } from '../errors';
import { compileBinding } from './compile-binding';
import { unpackWheel } from './get-tensorflow';
import { type InstallOptions, install } from './install';
import { firstProgram } from './run';
import { wheels } from './sources';

let home: string;
const quietly = (options: Partial<InstallOptions> = {}) =>
  install({ folder: join(home, 'libtensorflow'), log: () => {}, ...options });

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'crossmodal-libtensorflow-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(home, { recursive: true, force: true });
});

const platform = (name: string) => vi.spyOn(process, 'platform', 'get').mockReturnValue(name as never);

describe('install', () => {
  it('says where it cannot build', async () => {
    platform('win32');
    await expect(quietly()).rejects.toThrow(
      `libtensorflow is built on Linux, x64 or arm64, not win32 ${process.arch}: use the engine onnx here`,
    );
  });

  it('takes what was built as it is', async () => {
    platform('linux');
    const folder = join(home, 'libtensorflow');
    const { version } = wheels[process.arch]!;
    const lines: string[] = [];
    await expect(
      install({ folder, wheel: '/nowhere.whl', log: (line) => lines.push(line) }),
    ).rejects.toThrow();
    expect(existsSync(folder)).toBe(false);
    expect(readdirSync(home)).toEqual([]); // and no part of it
    const { mkdirSync } = await import('node:fs');
    mkdirSync(folder);
    writeFileSync(join(folder, 'built.json'), JSON.stringify({ tfjsNode: '4.22.0', tensorflow: version }));
    lines.length = 0;
    await install({ folder, log: (line) => lines.push(line) });
    expect(lines).toEqual([`It is there already: ${folder}`]);
  });

  it('says that Python, a wheel or a compiler is missing', async () => {
    expect(() => firstProgram(['no-such-python'], 'install Python 3')).toThrow(
      'none of no-such-python is here: install Python 3',
    );
    await expect(unpackWheel('python3', home, join(home, 'no.whl'))).rejects.toThrow(
      /--wheel .*no\.whl is not there: pip download tensorflow-cpu --no-deps gets one/,
    );
    vi.stubEnv('CXX', 'no-such-compiler');
    vi.stubEnv('PATH', home);
    expect(() => compileBinding(home, home, '$ORIGIN')).toThrow(
      'none of no-such-compiler, g++, c++, clang++ is here: install a C++ compiler (apt-get install g++), or name one in CXX',
    );
  });

  it('says that a wheel holds no libtensorflow', async () => {
    const wheel = join(home, 'other.whl');
    writeFileSync(wheel, 'not an archive');
    await expect(unpackWheel('python3', home, wheel)).rejects.toThrow(/is .*other\.whl a whole wheel/);
    expect(new TensorflowBackendError('x').name).toBe('BackendError');
  });
});
