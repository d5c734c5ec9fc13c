import { build } from '../../tsup.base';

export default build({ entry: { index: 'src/index.ts', cli: 'src/cli.ts' }, platform: 'node' });
