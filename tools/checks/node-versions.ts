// Runs the tests that a version of Node can break (native engines, files, worker threads) on other versions than the
// one that runs all the rest: node --import tsx tools/checks/node-versions.ts [major ...]. Their binaries come from npm.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const majors = process.argv.length > 2 ? process.argv.slice(2) : ['22', '24'];
/** Arguments of vitest. */
const suites = [
  ['--config', 'vitest.engines.config.ts', '--project', 'onnx', '--project', 'tensorflow'],
  ['packages/core/src/node', 'packages/processing', 'packages/backend-tensorflow'],
];

for (const major of majors) {
  const node = nodeOf(major);
  const { stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' });
  for (const suite of suites) {
    console.log(`\nNode ${stdout.trim()}: vitest run ${suite.join(' ')}`);
    const { status } = spawnSync(node, ['node_modules/vitest/vitest.mjs', 'run', ...suite], {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` },
    });
    if (status !== 0) process.exit(1);
  }
}

/** The newest Node of a major version, kept in .cache. */
function nodeOf(major: string): string {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const folder = join(root, '.cache', 'node', major);
  const binary = join(
    folder,
    'node_modules',
    name,
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  );
  if (!existsSync(binary)) {
    const args = [
      'install',
      '--prefix',
      folder,
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      `${name}@${major}`,
    ];
    const { status } = spawnSync('npm', args, { stdio: 'inherit' });
    if (status !== 0 || !existsSync(binary)) {
      console.error(`${name}@${major} could not be installed from npm.`);
      process.exit(1);
    }
  }
  return binary;
}
