import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { cases } from './cases';
import { engine } from './engine-under-test';
import type { OperationFindings } from './findings';
import { compareResults, runCase } from './op-case';

describe(`${engine.label} equals cpu`, () => {
  const unlike = new Map<string, number>(engine.accepted.map(([, reason]) => [reason, 0]));
  let equal = 0;

  it.each(cases.map((c) => [c.name, c] as const))('%s', async (name, opCase) => {
    await tf.setBackend('cpu');
    const expected = await runCase(opCase);
    await tf.setBackend(engine.backend);
    const before = tf.memory().numTensors;
    const reason = engine.accepted.find(([pattern]) => pattern.test(name))?.[1];
    const tolerance = engine.tolerances?.find(([pattern]) => pattern.test(name))?.[1] ?? opCase.tolerance;
    let difference: string | undefined;
    try {
      difference = compareResults(await runCase(opCase), expected, tolerance);
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
    const { label, tolerances = [] } = engine;
    const found: OperationFindings = {
      label,
      checked: cases.length,
      equal,
      unlike: Object.fromEntries(unlike),
      tolerances: Object.fromEntries(tolerances.map(([, tolerance, reason]) => [reason, tolerance])),
    };
    Object.assign(task.meta, { operations: found });
    for (const [reason, count] of unlike)
      expect(count, `nothing is "${reason}" any more: take it off the list`).not.toBe(0);
  });
});
