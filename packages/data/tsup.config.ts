import { build } from '../../tsup.base';

// Two lists of names: bundlers for browsers take the one that needs no files (package.json, exports).
export default build({
  entry: { index: 'src/index.ts', 'index.browser': 'src/index.browser.ts' },
  external: [/^node:/],
});
