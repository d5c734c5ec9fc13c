import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { codeBlocks, expectClose, expectGradient, expectNoLeak, runExample } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import '@crossmodal/core';
import { describeWithLibtensorflow } from '../test/libtensorflow-here';

describeWithLibtensorflow('the engine tensorflow', () => {
  beforeAll(async () => {
    await import('./index');
    await tf.setBackend('tensorflow');
  });

  it("runs the README's example", async () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    const code = codeBlocks(readme, 'ts')[0]!.replace(/^import '.*$/m, '');
    const printed = await runExample(code, { '@tensorflow/tfjs-core': tf });
    expect(printed).toBe(codeBlocks(readme, 'text')[0]);
  });

  it('says what does not fit, and lives on', () => {
    const a = tf.ones([2, 3]);
    expect(() => tf.gather(a, tf.tensor1d([0, 7], 'int32'))).toThrow(
      'tensorflow: GatherV2: indices[1] = 7 is not in [0, 2).',
    );
    expectClose(tf.sum(a), tf.scalar(6));
  });

  it('says that memory is full, and lives on', () => {
    const row = tf.ones([1, 2 ** 20]);
    const column = tf.ones([2 ** 21, 1]);
    expect(() => tf.add(row, column)).toThrow(
      /^tensorflow: Add: OOM .*shape\[2097152,1048576\].*\. Take a smaller batch, or dispose of tensors that are not needed\.$/,
    );
    expectClose(tf.sum(row), tf.scalar(2 ** 20));
    tf.dispose([row, column]);
  });

  it.each([
    ['floor', 3],
    ['ceil', 4],
  ] as const)('pads by numbers, where sizes are rounded by %s too', (rounding, size) => {
    const x = tf.tensor4d(
      Array.from({ length: 36 }, (_, i) => ((i * 7) % 36) / 4), // no two are equal or near
      [1, 6, 6, 1],
    );
    const pool = (x: tf.Tensor) => tf.maxPool(x as tf.Tensor4D, 3, 2, 1, rounding);
    const largest = pool(x);
    expect(largest.shape).toEqual([1, size, size, 1]);
    const values = x.dataSync();
    const corner = [0, 1, 6, 7].map((i) => values[i]!); // what of the first window is not padding
    expect(largest.dataSync()[0]).toBe(Math.max(...corner));
    const mean = tf.avgPool(x as tf.Tensor4D, 3, 2, 1, rounding);
    expect(mean.shape).toEqual([1, size, size, 1]);
    expect(mean.dataSync()[0]).toBeCloseTo(corner.reduce((a, b) => a + b) / 4, 6);
    if (rounding === 'floor') expectGradient(pool, [x]); // tfjs's gradient knows no other rounding
    expectNoLeak(() => tf.dispose([pool(x), tf.avgPool(x as tf.Tensor4D, 3, 2, 1, rounding)]));
  });

  it('takes integers and booleans where tfjs does', () => {
    expectClose(tf.exp(tf.tensor1d([0, 1], 'int32')), tf.tensor1d([1, Math.E]));
    expect(tf.argMax(tf.tensor1d([0, 1, 0], 'bool')).dataSync()[0]).toBe(1);
    expect(tf.floorDiv(tf.tensor1d([-7, 7]), 2).dtype).toBe('int32');
  });

  it('lets the process end by itself', () => {
    const program = `import '@crossmodal/backend-tensorflow'; import * as tf from '@tensorflow/tfjs-core';
      await tf.setBackend('tensorflow'); console.log(tf.sum(tf.ones([3])).dataSync()[0]);`;
    const { status, stdout } = spawnSync(
      process.execPath,
      ['--conditions=crossmodal-source', '--import', 'tsx', '--input-type=module', '-e', program],
      { cwd: fileURLToPath(new URL('..', import.meta.url)), encoding: 'utf8', timeout: 50_000 },
    );
    expect(stdout).toBe('3\n');
    expect(status).toBe(0);
  });
});
