import { build } from '../../tsup.base';
import { bundleGradients } from './scripts/bundle-gradients.mjs';

await bundleGradients();

// Both entries share their chunks, so that a CheckpointError of one is a CheckpointError of the other.
export default build({
  entry: { index: 'src/index.ts', node: 'src/node/index.ts' },
  external: [/^node:/],
  removeNodeProtocol: false,
});
