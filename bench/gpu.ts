// The GPU that WebGPU finds: products of matrices, attention, a training step of a tiny CLIP and drawing with DALL-E, as
// shares of the GPU's measured peak and beside PyTorch (CUDA) on the same card.
// npm run bench:gpu [-- --software]; PYTHON names an interpreter with torch. In software only the counts are true.
import * as tf from '@tensorflow/tfjs-core';
import { type Case, casesOf } from './gpu/cases';
import { drawing } from './gpu/drawing';
import { allDone, millisecondsOf, openGpu } from './gpu/open';
import { peakOf } from './gpu/peak';
import { runTorch } from './lib/peer';
import { report } from './lib/report';

const software = process.argv.includes('--software');
const backend = await openGpu(software);
if (backend) {
  const { vendor, architecture, description } = backend.deviceInfo;
  console.log(`GPU: ${[vendor, architecture, description].join(', ')}`);
  const slow = backend.deviceInfo.isSoftware;
  const dalle = drawing(slow);
  const cases: Case[] = [...casesOf(slow, backend.supportsF16), dalle];
  const peers = cases.flatMap(({ peer }) => peer ?? []);
  const torch = slow ? undefined : runTorch('peers/gpu.py', [JSON.stringify(peers)]);
  if (torch && torch['megabytes'] === undefined) console.log('PyTorch has no CUDA here: no comparison.');
  const peak = slow ? undefined : await peakOf(backend, slow);
  if (slow) console.log('A GPU in software, and tiny sizes: the counts are true, no speed was measured.');
  else
    console.log(
      `peak: ${peak!.flops.toFixed(1)} TFLOP/s in float32, ${peak!.bandwidth.toFixed(0)} GB/s copied`,
    );
  const rows = [];
  let [ours, theirs] = [0, 0];
  for (const { name, run, operations, items, takesLong, peer } of cases) {
    await run();
    await allDone();
    backend.resetCounters();
    await run();
    const { dispatches, copies, bytesBound } = backend.counters;
    await allDone();
    const { submits } = backend.counters;
    const counts = { dispatches, copies, submits, 'MB bound': Number((bytesBound / 1e6).toPrecision(4)) };
    if (slow) {
      rows.push({ name, ...counts });
      continue;
    }
    const ms = await millisecondsOf(run, operations ? 10 : takesLong ? 1 : 3, takesLong ? 1 : 5);
    const torchMs = peer === undefined ? undefined : torch?.[peer];
    if (torchMs) {
      ours += ms;
      theirs += torchMs;
    }
    const tflops = operations && operations / ms / 1e9;
    rows.push({
      name,
      ms: Number(ms.toPrecision(4)),
      'TFLOP/s': tflops && Number(tflops.toPrecision(3)),
      'of peak': tflops && Number((tflops / peak!.flops).toPrecision(2)),
      'of bandwidth': Number((bytesBound / ms / 1e6 / peak!.bandwidth).toPrecision(2)),
      'per second': items && `${Math.round((1000 * items.count) / ms)} ${items.unit}`,
      'torch ms': torchMs && Number(torchMs.toPrecision(4)),
      ratio: torchMs && Number((ms / torchMs).toPrecision(3)),
      ...counts,
    });
  }
  console.table(rows);
  const { token, block } = await dalle.counts(backend);
  const told = ({ dispatches, copies, bytesBound }: typeof block) =>
    `${dispatches} dispatches, ${copies} copies, ${(bytesBound / 1e6).toPrecision(4)} MB bound`;
  console.log(
    `a token in the middle of a picture: ${told(token)}, ${token.submits} submits; a block of it: ${told(block)}`,
  );
  const { numBytesAllocatedInGPU } = tf.memory() as unknown as { numBytesAllocatedInGPU: number };
  console.log(`${(numBytesAllocatedInGPU / 2 ** 20).toFixed(0)} MiB allocated at the end`);
  if (slow) console.log(JSON.stringify({ name: 'gpu', software: true, counts: rows, token, block }));
  else report({ name: 'gpu', ours, peer: theirs || undefined, unit: 'ms' });
  tf.removeBackend('webgpu');
} else {
  console.log(JSON.stringify({ name: 'gpu', adapter: null }));
}
