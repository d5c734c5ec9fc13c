import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const core = 'packages/core/src';

/** The test files that say something of an engine: this suite's own, and those of core that ask for the engine under test. */
export const suites: string[] = [
  'tools/conformance/src/{operations,training,memory}.test.ts',
  ...readdirSync(core, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => join(core, file))
    .filter((file) => readFileSync(file, 'utf8').includes('useTestEngine(')),
];
