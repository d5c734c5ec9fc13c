import { build } from '../../tsup.base';

// '#storage' stays an import, so that Node and bundlers choose the file for their platform (package.json, imports).
export default build({
  entry: {
    index: 'src/index.ts',
    'storage.node': 'src/download/storage.node.ts',
    'storage.browser': 'src/download/storage.browser.ts',
  },
  dts: { entry: 'src/index.ts' },
  external: ['#storage', /^node:/],
  removeNodeProtocol: false,
});
