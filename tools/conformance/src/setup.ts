// Set-up of every test file of an engine's vitest project.
import { setTestEngine } from '@crossmodal/test-utils';
import { beforeEach, expect } from 'vitest';
import { engine, missing } from './engine-under-test';

if (missing === undefined) setTestEngine(engine.backend);

beforeEach((context) => {
  const { task } = context;
  if (missing !== undefined) {
    Object.assign(task.meta, { missing });
    // CI has every engine on Linux.
    if (process.env['CI'] && process.platform === 'linux') expect.fail(missing);
    context.skip(missing);
  }
  const known = engine.failing?.find(([pattern]) => pattern.test(fullName(task)));
  if (known) {
    // vitest then takes a failure as it should be, and a success as a failure.
    Object.assign(task, { fails: true });
    Object.assign(task.meta, { failing: known[1] });
  }
});

function fullName(task: { name: string; suite?: { name: string; suite?: unknown } | undefined }): string {
  const names: string[] = [];
  for (let at: typeof task | undefined = task; at; at = at.suite as typeof task | undefined)
    names.unshift(at.name);
  return names.join(' > ');
}
