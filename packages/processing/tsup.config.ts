import { build } from '../../tsup.base';

// '#decode-image' and '#image-threads' stay imports, so that Node and bundlers choose the file for their platform (package.json, imports).
export default build({
  entry: {
    index: 'src/index.ts',
    'decode-image.node': 'src/image/decode-image.node.ts',
    'decode-image.browser': 'src/image/decode-image.browser.ts',
    'image-threads.node': 'src/image/image-threads.node.ts',
    'image-threads.browser': 'src/image/image-threads.browser.ts',
    'image-worker': 'src/image/image-worker.ts',
  },
  dts: { entry: 'src/index.ts' },
  external: ['#decode-image', '#image-threads', 'sharp', /^node:/],
});
