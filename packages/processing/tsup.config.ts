import { build } from '../../tsup.base';

// '#decode-image' stays an import, so that Node and bundlers choose the file for their platform (package.json, imports).
export default build({
  entry: {
    index: 'src/index.ts',
    'decode-image.node': 'src/image/decode-image.node.ts',
    'decode-image.browser': 'src/image/decode-image.browser.ts',
  },
  dts: { entry: 'src/index.ts' },
  external: ['#decode-image', 'sharp', /^node:/],
});
