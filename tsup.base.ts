import { defineConfig, type Options } from 'tsup';

/** What every package's build shares: ES modules with types and source maps, one chunk per entry. */
export const base: Options = {
  entry: ['src/index.ts'],
  format: ['esm'],
  target: 'es2022',
  platform: 'neutral',
  dts: true,
  sourcemap: true,
  clean: true,
  splitting: true,
};

export const build = (options: Options = {}) => defineConfig({ ...base, ...options });
