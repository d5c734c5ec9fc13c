import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import { fileURLToPath } from 'node:url';
import { Rng, ZeroRng } from '@crossmodal/core';
import { readGolden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { CoCa } from './coca';

const path = (name: string) => fileURLToPath(new URL(`../../golden/${name}`, import.meta.url));
const golden = readGolden(new URL('../../golden/coca.safetensors', import.meta.url));
const rows = (name: string) => (golden.tensor(name) as tf.Tensor2D).arraySync();

describe.each(['cpu', 'onnx'])('CoCa.caption on %s', (backend) => {
  let coca: CoCa;
  let pixelValues: tf.Tensor4D;
  beforeAll(async () => {
    await tf.setBackend(backend);
    coca = await CoCa.fromPretrained(path('tiny-coca'));
    pixelValues = golden.tensor('pixel_values') as tf.Tensor4D;
  });

  it("writes open_clip's captions", async () => {
    expect(await coca.caption(pixelValues)).toEqual(rows('caption.greedy'));
    expect(await coca.caption(pixelValues, { eosTokenId: 5 })).toEqual(rows('caption.greedy_end'));
    // So many beams as there are texts: of all, the likeliest is found.
    const all = { maxNewTokens: 3, numBeams: 13 ** 2 };
    expect(await coca.caption(pixelValues, all)).toEqual(rows('caption.mean'));
    expect(await coca.caption(pixelValues, { ...all, lengthPenalty: 0 })).toEqual(rows('caption.sum'));
  });

  it('draws captions, the same with the same seed, and tells of them', async () => {
    const told: (readonly number[])[] = [];
    const draw = (seed: number) =>
      coca.caption(pixelValues, {
        rng: new Rng(seed),
        temperature: 2,
        onToken: (tokens) => told.push(tokens),
      });
    const first = await draw(1);
    expect(told.map((tokens) => tokens[0])).toEqual(first[0]);
    expect(await draw(1)).toEqual(first);
    expect(await draw(2)).not.toEqual(first);
    const likeliest = await coca.caption(pixelValues, { rng: new Rng(3), topK: 1, maxNewTokens: 4 });
    expect(likeliest).toEqual(rows('caption.greedy').map((row) => row.slice(0, 4)));
  });

  it('ends a caption at padding', async () => {
    const { config } = coca;
    const other = new CoCa({ ...config, textCfg: { ...config.textCfg, padId: 5 }, rng: new ZeroRng() });
    other.loadStateDict(await coca.stateDict());
    const expected = rows('caption.greedy_end').map((row) => row.map((token) => token || 5));
    expect(await other.caption(pixelValues, { eosTokenId: 3 })).toEqual(expected);
  });

  it('leaks nothing', async () => {
    const before = tf.memory().numTensors;
    await coca.caption(pixelValues);
    await coca.caption(pixelValues, { numBeams: 3, maxNewTokens: 4 });
    await expect(coca.caption(pixelValues, { maxNewTokens: 9 })).rejects.toThrow(
      'generate: maxNewTokens: expected at most 8, as the model takes 9 tokens and the prompt has 1, received 9.',
    );
    const aborted = coca.caption(pixelValues, { signal: AbortSignal.abort(new Error('enough')) });
    await expect(aborted).rejects.toThrow('enough');
    expect(tf.memory().numTensors).toBe(before);
  });
});
