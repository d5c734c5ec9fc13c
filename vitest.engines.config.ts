import { defineConfig } from 'vitest/config';
import { NODE_ENGINES } from './tools/conformance/src/engines/names.ts';
import { suites } from './tools/conformance/src/suites.ts';
import base from './vitest.config.ts';

// The conformance suites on the engines in Node, each a project: `npm run conformance -- --project onnx`.
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
        include: suites,
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
