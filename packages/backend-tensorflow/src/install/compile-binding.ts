import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { BINDING } from '../folder';
import { firstProgram, run } from './run';

/**
 * Compiles tfjs-node's binding in `folder` against a TensorFlow. `runPath` is where the binding will look for its
 * libraries, as the linker takes it.
 */
export function compileBinding(folder: string, tensorflow: string, runPath: string): void {
  const compilers = [process.env.CXX ?? [], 'g++', 'c++', 'clang++'].flat();
  const compiler = firstProgram(
    compilers,
    'install a C++ compiler (apt-get install g++), or name one in CXX',
  );
  const { include_dir: nodeApi } = createRequire(import.meta.url)('node-api-headers') as {
    include_dir: string;
  };
  mkdirSync(dirname(join(folder, BINDING)), { recursive: true });
  const includes = [nodeApi, join(tensorflow, 'include'), join(folder, 'binding')].map((path) => `-I${path}`);
  const sources = ['tfjs_backend.cc', 'tfjs_binding.cc'].map((file) => join(folder, 'binding', file));
  const libraries = ['cc', 'framework'].map((name) => join(tensorflow, `libtensorflow_${name}.so.2`));
  run(
    compiler,
    ['-std=c++17', '-O2', '-fPIC', '-shared', '-DNAPI_VERSION=8', ...includes, ...sources, ...libraries]
      .concat(`-Wl,-rpath,${runPath}`)
      .concat('-o', join(folder, BINDING)),
    'the compiler says why above; this was tried with g++ 12 and TensorFlow 2.21',
  );
}
