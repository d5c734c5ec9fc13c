import { build } from '../../tsup.base';

export default build({
  entry: { index: 'src/index.ts', cli: 'src/cli.ts' },
  dts: { entry: 'src/index.ts' },
  platform: 'node',
});
