import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'vitest';
import { BINDING, libtensorflowFolder } from '../src/folder';

/** Tests that need libtensorflow: skipped where it has not been built, except in CI on Linux, where that is a failure. */
export const describeWithLibtensorflow = describe.skipIf(
  !(process.env.CI && process.platform === 'linux') && !existsSync(join(libtensorflowFolder(), BINDING)),
);
