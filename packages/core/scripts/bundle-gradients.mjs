// Writes src/gradients.generated.js: the gradient definitions of the installed @tensorflow/tfjs-core, as one
// module that Node can load and that shares everything else with the user's tfjs-core. tfjs-core publishes the
// definitions only as extensionless ES modules, which Node cannot resolve. Does nothing when the file is current.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const output = fileURLToPath(new URL('../src/gradients.generated.js', import.meta.url));
const PUBLIC = '@tensorflow/tfjs-core';
const ENGINE_SHIM = `import { engine } from '${PUBLIC}'; export const ENGINE = engine();`;

export async function bundleGradients() {
  const manifest = require.resolve(`${PUBLIC}/package.json`);
  const dist = join(dirname(manifest), 'dist');
  const { version } = JSON.parse(readFileSync(manifest, 'utf8'));
  const banner = `// Generated from ${PUBLIC} ${version} (Apache-2.0, Copyright Google LLC) by scripts/bundle-gradients.mjs.`;
  if (existsSync(output) && readFileSync(output, 'utf8').startsWith(banner)) return;

  const publicNames = new Set(Object.keys(require(PUBLIC)));
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [join(dist, 'register_all_gradients.js')],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    legalComments: 'none',
    banner: { js: banner },
    logLevel: 'error',
    external: [PUBLIC],
    plugins: [
      {
        name: 'share-tfjs-core',
        setup(build) {
          build.onResolve({ filter: /^\./ }, ({ path, resolveDir }) => {
            const base = resolve(resolveDir, path);
            const file = [`${base}.js`, join(base, 'index.js')].find(existsSync);
            return { path: file ?? base, sideEffects: base.endsWith('register_all_gradients') };
          });
          build.onLoad({ filter: /\.js$/ }, ({ path }) => {
            if (path === join(dist, 'engine.js')) return { contents: ENGINE_SHIM, resolveDir: dist };
            const source = readFileSync(path, 'utf8');
            const names = [...source.matchAll(/^export (?:const|let|function|class) (\w+)/gm)].map(
              (m) => m[1],
            );
            const lists = [...source.matchAll(/^export \{([^}]*)\};/gm)].flatMap((m) => m[1].split(','));
            for (const name of lists) names.push(name.trim().split(' as ').at(-1));
            const shared = names.length > 0 && names.every((name) => publicNames.has(name));
            const contents = shared ? `export { ${names.join(', ')} } from '${PUBLIC}';` : source;
            return { contents, resolveDir: dirname(path) };
          });
        },
      },
    ],
  });
  // Another process may be doing the same: each writes its own file and renames it.
  const temporary = `${output}.${process.pid}`;
  writeFileSync(temporary, outputFiles[0].text);
  renameSync(temporary, output);
  writeFileSync(output.replace(/js$/, 'd.ts'), 'export {};\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundleGradients();
