import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { NODE_ENGINES } from './tools/conformance/src/engines/names.ts';
import base from './vitest.config.ts';

// The suites that say something of an engine: the conformance suite's own, and those of core that ask for the engine
// under test. Each engine is a project: `npm run conformance -- --project onnx`.
const core = 'packages/core/src';
const coreSuites = readdirSync(core, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => join(core, file))
  .filter((file) => readFileSync(file, 'utf8').includes('useTestEngine('));
const include = ['tools/conformance/src/{operations,training,memory}.test.ts', ...coreSuites];

export default defineConfig({
  ...base,
  test: {
    reporters: [
      'default',
      './tools/conformance/src/reporter.ts',
      ...(process.env.CI ? [['json', { outputFile: '.cache/engine-results.json' }] as const] : []),
    ],
    maxWorkers: 2,
    projects: NODE_ENGINES.map((name) => ({
      ...base,
      test: {
        ...base.test,
        name,
        include,
        exclude: [],
        env: { CROSSMODAL_TEST_ENGINE: name },
        setupFiles: 'tools/conformance/src/setup.ts',
        // One process for all files of an engine: starting it takes longer than most of them.
        isolate: false,
        maxWorkers: 1,
      },
    })),
  },
});
