import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { cases } from './cases';
import type { Engine } from './engines/engine';
import { compareResults, runCase } from './op-case';

/** What a run found out about an engine. */
export interface Findings {
  engine: string;
  label: string;
  /** Operations run, and those equal to cpu's, values and gradients. */
  checked: number;
  equal: number;
  /** Known differences: reason to how many cases. */
  unlike: Record<string, number>;
}

/**
 * Declares the tests that an engine computes what tfjs's cpu does. One engine a test file, so that each has a process
 * of its own. An engine that is not there is skipped, saying so; with `CI` set that is a failure.
 */
export async function checkEngine(engine: Engine): Promise<void> {
  const missing = await engine.start();
  if (missing !== undefined) {
    it(`${engine.label} is here`, (context) => {
      if (process.env.CI) expect.fail(missing);
      context.skip(missing);
    });
    return;
  }
  describe(`${engine.label} equals cpu`, () => {
    const unlike = new Map<string, number>(engine.accepted.map(([, reason]) => [reason, 0]));
    let equal = 0;

    it.each(cases.map((c) => [c.name, c] as const))('%s', async (name, opCase) => {
      await tf.setBackend('cpu');
      const expected = await runCase(opCase);
      await tf.setBackend(engine.backend);
      const before = tf.memory().numTensors;
      const reason = engine.accepted.find(([pattern]) => pattern.test(name))?.[1];
      const wider = engine.tolerances?.find(([pattern]) => pattern.test(name))?.[1];
      let difference: string | undefined;
      try {
        difference = compareResults(await runCase(opCase), expected, wider ?? opCase.tolerance);
      } catch (error) {
        if (reason === undefined) throw error;
        difference = String(error);
      }
      if (difference === undefined) {
        equal++;
        expect(tf.memory().numTensors).toBe(before);
      } else if (reason !== undefined) {
        unlike.set(reason, unlike.get(reason)! + 1);
      } else {
        expect.fail(difference);
      }
    });

    it('differs where it is known to, and nowhere else', ({ task }) => {
      const findings: Findings = {
        engine: engine.name,
        label: engine.label,
        checked: cases.length,
        equal,
        unlike: Object.fromEntries(unlike),
      };
      Object.assign(task.meta, { findings });
      const known = [...unlike].map(([reason, count]) => `${count} ${reason}`).join('; ');
      console.log(`${engine.label}: ${equal} of ${cases.length} cases equal cpu's. ${known}`);
      for (const [reason, count] of unlike)
        expect(count, `nothing is "${reason}" any more: take it off the list`).not.toBe(0);
    });
  });
}
