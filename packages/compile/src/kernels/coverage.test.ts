import '@tensorflow/tfjs-backend-cpu';
import '@crossmodal/backend-onnx';
import { readFileSync } from 'node:fs';
import { useBackend } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { coreCases } from '../testing/cases/core';
import { elementwiseCases } from '../testing/cases/elementwise';
import { imageCases } from '../testing/cases/images';
import { layoutCases } from '../testing/cases/layout';
import { matmulCases } from '../testing/cases/matmul';
import { reduceCases } from '../testing/cases/reduce';
import { traceCase } from '../testing/compare';
import { COMPOSED, NOT_RECORDED } from '../testing/not-recorded';
import { kernels } from '.';

await useBackend('onnx');

/** Steps of generating have a file of their own. */
const TESTED_ELSEWHERE = ['FusedDecoderBlock'];

describe('the kernels that can be recorded', () => {
  const names = kernels.map(({ kernelName }) => kernelName);

  it('have one entry each', () => {
    expect(names).toEqual([...new Set(names)]);
  });

  it('are all compared with the engine cpu', () => {
    const recorded = new Set(TESTED_ELSEWHERE);
    const all = [elementwiseCases, reduceCases, layoutCases, matmulCases, imageCases, coreCases()].flat();
    for (const tested of all) for (const { kernel } of traceCase(tested).graph.nodes) recorded.add(kernel);
    expect(names.filter((name) => !recorded.has(name))).toEqual([]);
  });

  it('are all of tfjs, but for a known list', () => {
    const ofTfjs = tf.getKernelsForBackend('cpu').map(({ kernelName }) => kernelName);
    expect(ofTfjs.filter((name) => !names.includes(name)).sort()).toEqual(Object.keys(NOT_RECORDED).sort());
  });

  it("are all of core's fused ones, but for a known list", () => {
    const source = readFileSync(new URL('../../../core/src/ops/fused-kernels.ts', import.meta.url), 'utf8');
    const union = /export type FusedKernelName =([^;]*);/.exec(source)![1]!;
    const fused = [...union.matchAll(/'(\w+)'/g)].map(([, name]) => name!);
    expect(fused.length).toBeGreaterThan(20);
    expect(fused.filter((name) => !names.includes(name)).sort()).toEqual(Object.keys(COMPOSED).sort());
  });
});
