import { defineConfig } from 'vitest/config';
import { bundleGradients } from './packages/core/scripts/bundle-gradients.mjs';

// Packages resolve to each other's source, so tests need no build. With TEST_DIST=1 they resolve to the
// built files of one another instead, as an installed package would.
const conditions = process.env.TEST_DIST ? [] : ['crossmodal-source'];

await bundleGradients();

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['{packages,apps,tools}/*/{src,test}/**/*.test.ts', 'bench/**/*.test.ts'],
    // What runs on every engine has a configuration of its own: vitest.engines.config.ts.
    exclude: [
      '**/node_modules/**',
      '**/dist/**',
      '**/*.dist.test.ts',
      'tools/conformance/src/{operations,training,memory}.test.ts',
    ],
    // CI counts the tests from the JSON.
    ...(process.env.CI && { reporters: ['default', ['json', { outputFile: '.cache/test-results.json' }]] }),
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
