import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const script = fileURLToPath(new URL('./resume-run.ts', import.meta.url));
const STATES = ['model.safetensors', 'optimizer.safetensors', 'average.safetensors'];

describe('a run in fresh processes', { timeout: 180_000 }, () => {
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'crossmodal-resume-'));
    await run('whole', 60);
  }, 180_000);
  afterAll(() => rm(root, { recursive: true }));

  /** Trains up to a total of steps in a process of its own; gives what it wrote to standard error. */
  async function run(folder: string, steps: number, ...kill: string[]): Promise<string> {
    const conditions = process.env['TEST_DIST'] ? [] : ['--conditions=crossmodal-source'];
    const args = [...conditions, '--import', 'tsx', script, join(root, folder), String(steps)];
    const { stderr } = await promisify(execFile)(process.execPath, [...args, ...kill]);
    return stderr;
  }

  async function expectSameAsWhole(folder: string): Promise<void> {
    const step = 'step-00000060';
    for (const file of STATES) {
      const [a, b] = await Promise.all([folder, 'whole'].map((run) => readFile(join(root, run, step, file))));
      expect(a!.equals(b!), file).toBe(true);
    }
    const trainer = async (run: string) =>
      JSON.parse(await readFile(join(root, run, step, 'trainer.json'), 'utf8'));
    expect(await trainer(folder)).toEqual(await trainer('whole'));
  }

  it('of 3 x 20 steps has bit for bit the weights, optimizer and average of one of 60', async () => {
    for (const steps of [20, 40, 60]) await run('parts', steps);
    await expectSameAsWhole('parts');
  });

  it('killed in the middle of a save loses nothing that was saved, and ends the same', async () => {
    const killed = run('killed', 60, 'kill', '.writing-step-00000040/optimizer.safetensors');
    await expect(killed).rejects.toThrow();
    const names = await readdir(join(root, 'killed'));
    expect(names).toContain('.writing-step-00000040'); // the model was written, the optimizer was not
    expect(await readdir(join(root, 'killed', '.writing-step-00000040'))).toEqual(['model.safetensors']);
    expect(names).toContain('step-00000030');
    expect(await run('killed', 60)).toContain('resumed at step 30');
    await expectSameAsWhole('killed');
    expect((await readdir(join(root, 'killed'))).sort()).toEqual(['step-00000050', 'step-00000060']);
  });
});
