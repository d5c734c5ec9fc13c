import { build } from '../../tsup.base';
import { bundleGradients } from './scripts/bundle-gradients.mjs';

await bundleGradients();

export default build();
