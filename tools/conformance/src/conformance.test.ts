import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cases } from './cases';
import { compareResults, runCase } from './op-case';

/** What an engine lacks or does otherwise, known and accepted: pattern of case names to the reason. */
const accepted: Record<string, [RegExp, string][]> = {
  onnx: [],
  wasm: [
    [/^((fused )?conv2d|conv2dTranspose) /, 'no Conv2DBackpropFilter: no gradient of the filter'],
    [/^depthwiseConv2d /, 'no depthwise gradients'],
    [/^einsum /, 'no Einsum'],
    [/^(gather|unsortedSegmentSum) /, 'no UnsortedSegmentSum: no gradient of gather'],
    [/^cast .* to bool/, 'casts to bool by the low byte'],
    [/^floorDiv /, 'returns float32'],
    [/^maxPool /, 'wrong gradient'],
    [/^resize(Bilinear|NearestNeighbor) /, 'wrong gradient, or none'],
  ],
};

it('has cases with names of their own', () => {
  expect(new Set(cases.map((c) => c.name)).size).toBe(cases.length);
});

describe.each(['onnx', 'wasm'])('%s equals cpu', (backend) => {
  const unlike = new Map<string, number>(accepted[backend]!.map(([, reason]) => [reason, 0]));
  let passed = 0;

  beforeAll(async () => {
    await tf.setBackend(backend);
  });
  afterAll(() => {
    const known = [...unlike].map(([reason, count]) => `${count} ${reason}`).join('; ');
    console.log(`${backend}: ${passed} of ${cases.length} cases equal cpu's, values and gradients. ${known}`);
    for (const [reason, count] of unlike)
      expect(count, `nothing is "${reason}" any more: take it off the list`).not.toBe(0);
  });

  it.each(cases.map((c) => [c.name, c] as const))('%s', async (name, opCase) => {
    await tf.setBackend('cpu');
    const expected = await runCase(opCase);
    await tf.setBackend(backend);
    const before = tf.memory().numTensors;
    const reason = accepted[backend]!.find(([pattern]) => pattern.test(name))?.[1];
    let difference: string | undefined;
    try {
      difference = compareResults(await runCase(opCase), expected, opCase.tolerance);
    } catch (error) {
      if (reason === undefined) throw error;
      difference = String(error);
    }
    if (difference === undefined) {
      passed++;
      expect(tf.memory().numTensors).toBe(before);
    } else if (reason !== undefined) {
      unlike.set(reason, unlike.get(reason)! + 1);
    } else {
      expect.fail(difference);
    }
  });
});
