import { build } from '../../tsup.base';

// '#files' stays an import, so that Node and bundlers choose the file for their platform (package.json, imports).
export default build({
  entry: {
    index: 'src/index.ts',
    'files.node': 'src/export/files.node.ts',
    'files.browser': 'src/export/files.browser.ts',
  },
  dts: { entry: 'src/index.ts' },
  external: ['#files', /^node:/],
  removeNodeProtocol: false,
});
