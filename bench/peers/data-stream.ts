import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { Rng } from '@crossmodal/core';
import { samples, webDataset } from '@crossmodal/data';
import { pack } from 'tar-stream';

const [kind, path, count, kilobytes] = process.argv.slice(2);
if (kind === 'write') {
  await write(path!, Number(count), Number(kilobytes));
  console.log('{}');
} else {
  const stream = samples(webDataset(path!), { shuffle: kind === 'shuffled', rng: new Rng(0) });
  let read = 0;
  const start = performance.now();
  for await (const { image } of stream) if (image.length > 0) read++;
  const us = ((performance.now() - start) * 1000) / read;
  console.log(JSON.stringify({ us, megabytes: process.resourceUsage().maxRSS / 1024 }));
}

async function write(to: string, count: number, kilobytes: number): Promise<void> {
  const archive = pack();
  const written = pipeline(archive as unknown as NodeJS.ReadableStream, createWriteStream(to));
  const image = Buffer.alloc(kilobytes * 1000, 7);
  for (let i = 0; i < count; i++) {
    const key = String(i).padStart(6, '0');
    image.writeUInt32LE(i, 4);
    archive.entry({ name: `${key}.jpg` }, Buffer.from(image));
    archive.entry({ name: `${key}.txt` }, `a caption of picture ${i}`);
  }
  archive.finalize();
  await written;
}
