import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { bundleGradients } from './packages/core/scripts/bundle-gradients.mjs';
import { suites } from './tools/conformance/src/suites.ts';
import { SOFTWARE_GPU } from './tools/test-utils/src/program-site.ts';

// The conformance suite and core's suites in Chromium, on WebGPU: `npx vitest run --config vitest.browser.config.ts`.
// CHROMIUM names another browser than Debian's. It computes in software (SwiftShader) and asks nothing of the network.
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const there = existsSync(executablePath);
if (!there) {
  console.log(`No browser at ${executablePath} (CHROMIUM names another): nothing was run.`);
  if (process.env.CI) process.exitCode = 1;
}

await bundleGradients();

const shim = fileURLToPath(new URL('./tools/conformance/src/browser/node-shim.ts', import.meta.url));

export default defineConfig({
  resolve: {
    conditions: ['crossmodal-source', 'module', 'browser', 'development'],
    alias: { 'node:fs': shim, 'node:os': shim, 'node:path': shim, 'node:util': shim },
  },
  optimizeDeps: {
    include: [
      '@tensorflow/tfjs-core',
      '@tensorflow/tfjs-backend-cpu',
      '@tensorflow/tfjs-backend-webgpu',
      '@tensorflow/tfjs-backend-wasm',
    ],
  },
  test: {
    reporters: [
      'default',
      './tools/conformance/src/reporter.ts',
      ...(process.env.CI ? [['json', { outputFile: '.cache/browser-results.json' }] as const] : []),
    ],
    include: there ? suites : [],
    passWithNoTests: true,
    env: { CROSSMODAL_TEST_ENGINE: 'webgpu-browser' },
    setupFiles: 'tools/conformance/src/setup.ts',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    isolate: false,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: {
          executablePath,
          args: [
            '--no-sandbox',
            ...SOFTWARE_GPU,
            '--disable-background-networking',
            '--disable-component-update',
            '--no-first-run',
          ],
        },
      }),
      instances: [{ browser: 'chromium', name: 'webgpu-browser' }],
    },
  },
});
