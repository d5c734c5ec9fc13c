// One process of `bench/preprocess.ts`: files to CLIP's pixel values, `runs` times over all of them.
// preprocess.ts <threads> <runs> <file of the values to write, or ''> ...files
import { writeFileSync } from 'node:fs';
import { CLIPImageProcessor, imageBatches } from '@crossmodal/processing';
import { measureAsync } from '../lib/measure';

const [threads = '0', runs = '3', out = '', ...files] = process.argv.slice(2);
const processor = new CLIPImageProcessor();
if (out) {
  writeFileSync(out, (await processor.process(files)).data);
}
const { best, median } = await measureAsync(
  async () => {
    // Three times each file, so that starting threads weighs what it does in a long run.
    const all = Array.from({ length: 3 }, () => files).flat();
    for await (const { failures } of imageBatches(processor, all, { threads: Number(threads) })) {
      if (failures[0]) throw failures[0].error;
    }
  },
  { warmUp: 1, runs: Number(runs), atLeast: 0 },
);
const photo = 3 * files.length;
console.log(
  JSON.stringify({
    median: median / photo,
    best: best / photo,
    megabytes: process.resourceUsage().maxRSS / 1024,
  }),
);
