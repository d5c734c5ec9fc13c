import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Rng } from '@crossmodal/core';
import { type SampleSource, samples } from '@crossmodal/data';
import { afterAll, describe, expect, it } from 'vitest';
import type { SentimentSample } from '../sentiment-sample';
import { csvSentiment } from './csv-sentiment';
import { jsonlSentiment } from './jsonl-sentiment';
import { mvsaSamples } from './mvsa-samples';
import { simsSamples } from './sims-samples';
import { twitterTargetSamples } from './twitter-target-samples';

const root = mkdtempSync(join(tmpdir(), 'crossmodal-sentiment-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;
function folderWith(content: Record<string, string | Uint8Array>): string {
  const folder = join(root, String(folders++));
  for (const [name, bytes] of Object.entries(content)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
  return folder;
}
const picture = Uint8Array.of(0xff, 0xd8, 0xff, 1); // readers do not decode

/** What a source gives, and what is left out: where, and why. */
async function read(source: SampleSource<SentimentSample>) {
  const left: string[] = [];
  const stream = samples(source, {
    maxSkipShare: 1,
    onSkip: ({ key, reason, detail }) => left.push(`${key}: ${reason}: ${detail}`),
  });
  const all: SentimentSample[] = [];
  for await (const sample of stream) all.push(sample);
  return { all, left };
}

describe('mvsaSamples', () => {
  const pairs = (ids: number[]) =>
    Object.fromEntries(
      ids.flatMap((id) => [
        [`data/${id}.txt`, `tweet ${id} `],
        [`data/${id}.jpg`, picture],
      ]),
    );

  it('combines the labels of text and picture', async () => {
    const folder = folderWith({
      'labelResultAll.txt':
        'ID\ttext,image\n1\tpositive,positive\n2\tneutral,negative\n3\tpositive,neutral\n4\tneutral,neutral\n' +
        '5\tpositive,negative\n6\tnegative,positive\n7\tpositive,sad\n8\tpositive\n',
      ...pairs([1, 2, 3, 4, 5, 6, 7, 8]),
    });
    const { all, left } = await read(mvsaSamples(folder));
    expect(all.map(({ key, label }) => [key, label])).toEqual([
      ['1', 2],
      ['2', 0],
      ['3', 2],
      ['4', 1],
    ]);
    expect(all[1]).toEqual({
      key: '2',
      text: 'tweet 2',
      image: join(folder, 'data/2.jpg'),
      label: 0,
      modalityLabels: { text: 1, image: 0 },
    });
    expect(left).toEqual([
      'labelResultAll.txt:5: labels conflict: the text is positive and the picture negative.',
      'labelResultAll.txt:6: labels conflict: the text is negative and the picture positive.',
      'labelResultAll.txt:7: unknown label: expected one of 0, 1, 2, negative, neutral, positive, neg, neu, pos, received "sad".',
      'labelResultAll.txt:8: unknown label: expected text,image, received "positive".',
    ]);
  });

  it('takes the majority of three people, for text and picture alone', async () => {
    const rows = [
      '1\tpositive,neutral\tpositive,neutral\tnegative,positive', // positive, neutral
      '2\tneutral,negative\tpositive,negative\tneutral,positive', // neutral, negative
      '3\tneutral,negative\tpositive,negative\tnegative,negative', // all differ on the text
      '4\tpositive,negative\tpositive,negative\tneutral,neutral', // positive, negative
    ];
    const folder = folderWith({
      'labelResultAll.txt': ['ID\ttext,image\ttext,image\ttext,image', ...rows].join('\r\n'),
      ...pairs([1, 2, 3, 4]),
    });
    const { all, left } = await read(mvsaSamples(folder, { subset: 'multiple' }));
    expect(all.map(({ key, label, modalityLabels }) => [key, label, modalityLabels])).toEqual([
      ['1', 2, { text: 2, image: 1 }],
      ['2', 0, { text: 1, image: 0 }],
    ]);
    expect(left.map((line) => line.split(': ').slice(0, 2))).toEqual([
      ['labelResultAll.txt:3', 'no majority'],
      ['labelResultAll.txt:4', 'labels conflict'],
    ]);
  });

  it('reads old letters, and leaves out or keeps what lacks a part', async () => {
    const folder = folderWith({
      'labelResultAll.txt':
        'ID\ttext,image\n1\tpositive,positive\n2\tneutral,negative\n3\tpositive,neutral\n4\tneutral,neutral\n../9\tpositive,positive\n',
      'data/1.txt': Uint8Array.of(0x63, 0x61, 0x66, 0xe9, 0x21), // Latin-1
      'data/1.jpg': picture,
      'data/2.txt': 'größe “!”',
      'data/3.txt': ' \n',
      'data/3.jpg': picture,
      '9.txt': 'secret',
      '9.jpg': picture,
    });
    const skipped = await read(mvsaSamples(folder));
    expect(skipped.all.map(({ text }) => text)).toEqual(['café!']);
    expect(skipped.left.map((line) => line.split(': ').slice(0, 2).join(': '))).toEqual([
      'labelResultAll.txt:2: no image',
      'labelResultAll.txt:3: no text',
      'labelResultAll.txt:4: no text',
      'labelResultAll.txt:5: outside the folder',
    ]);
    const kept = await read(mvsaSamples(folder, { missing: 'keep' }));
    expect(kept.all.map(({ key, text, image }) => [key, text, image !== undefined])).toEqual([
      ['1', 'café!', true],
      ['2', 'größe “!”', false],
      ['3', undefined, true],
    ]);
    expect(kept.left.map((line) => line.split(': ').slice(0, 2).join(': '))).toEqual([
      'labelResultAll.txt:4: no image',
      'labelResultAll.txt:5: outside the folder',
    ]);
  });

  it('goes on where it was stopped', async () => {
    const ids = [1, 2, 3, 4, 5];
    const rows = ids.map((id) => `${id}\tpositive,${id === 3 ? 'negative' : 'neutral'}\n`);
    const folder = folderWith({
      'labelResultAll.txt': `ID\ttext,image\n${rows.join('')}`,
      ...pairs(ids),
    });
    const open = () => samples(mvsaSamples(folder), { shuffle: true, rng: new Rng(3) });
    const keys = async (stream: AsyncIterable<SentimentSample>, most = Infinity) => {
      const found: string[] = [];
      for await (const { key } of stream) if (found.push(key) >= most) break;
      return found;
    };
    const whole = await keys(open());
    expect([...whole].sort()).toEqual(['1', '2', '4', '5']);
    const first = open();
    await keys(first, 2);
    const second = open();
    second.restore(JSON.parse(JSON.stringify(first.state())));
    expect(await keys(second)).toEqual(whole.slice(2));
  });
});

it('twitterTargetSamples reads tweets with quotes in them, and puts the target in its place', async () => {
  const folder = folderWith({
    'train.tsv':
      'index\t#1 Label\t#2 ImageID\t#3 String\t#3 String\n' +
      '0\t2\t1.jpg\t"so glad $T$ is back\tAda $& Lovelace\n' +
      '1\t0\t2.jpg\t$T$ lost , " again\tRovers\n' +
      '2\t1\t../train.tsv\ta day with $T$\tBob\n' +
      '3\t7\t1.jpg\t$T$ and more\tEve\n' +
      '4\t1\t1.jpg\tno target here\tEve\n' +
      '5\t1\t1.jpg\ttoo few\n',
    'images/1.jpg': picture,
  });
  const file = join(folder, 'train.tsv');
  const imageFolder = join(folder, 'images');
  const { all, left } = await read(twitterTargetSamples(file, { imageFolder }));
  expect(all).toEqual([
    {
      key: 'train.tsv:1',
      text: '"so glad Ada $& Lovelace is back',
      image: join(folder, 'images/1.jpg'),
      label: 2,
      metadata: { index: '0', target: 'Ada $& Lovelace', template: '"so glad $T$ is back' },
    },
  ]);
  expect(left.map((line) => line.split(': ').slice(0, 2).join(': '))).toEqual([
    'train.tsv:2: no image',
    'train.tsv:3: outside the folder',
    'train.tsv:4: unknown label',
    'train.tsv:5: no target',
    'train.tsv:6: wrong number of fields',
  ]);
  const texts = await read(twitterTargetSamples(file));
  expect(texts.all.map(({ label, image }) => [label, image])).toEqual([
    [2, undefined],
    [0, undefined],
    [1, undefined],
  ]);
  const kept = await read(twitterTargetSamples(file, { imageFolder, missing: 'keep' }));
  expect(kept.all.map(({ key }) => key)).toEqual(['train.tsv:1', 'train.tsv:2']);
});

it('simsSamples reads scores of the whole and of each modality, by part', async () => {
  const folder = folderWith({
    'label.csv':
      '\ufeffvideo_id,clip_id,text,label,label_T,label_A,label_V,annotation,mode\n' +
      'video_0001,0001,我不想嫁给李茶,-0.8,-0.6,0.2,-1.0,Negative,train\n' +
      'video_0001,2,"好, 的",0.4,0.2,1.0,0.0,Positive,valid\n' +
      'video_0002,0001,太好了,1.2,1.0,1.0,1.0,Positive,train\n' +
      'video_0002,0002,,0.0,0.0,0.0,0.0,Neutral,train\n' +
      'video_0002,0003,嗯,high,0.0,0.0,0.0,Neutral,test\n',
  });
  const file = join(folder, 'label.csv');
  const { all, left } = await read(simsSamples(file));
  expect(all[0]).toEqual({
    key: 'video_0001$_$0001',
    text: '我不想嫁给李茶',
    label: -0.8,
    modalityLabels: { text: -0.6, audio: 0.2, vision: -1 },
    metadata: { video: 'video_0001/0001.mp4', annotation: 'Negative', split: 'train' },
  });
  expect(all[1]).toMatchObject({
    text: '好, 的',
    label: 0.4,
    metadata: { video: 'video_0001/0002.mp4' },
  });
  expect(left).toEqual([
    'label.csv:2: label out of range: expected a number from -1 to 1, received "1.2".',
    'label.csv:3: no text: the text is empty.',
    'label.csv:4: label out of range: expected a number from -1 to 1, received "high".',
  ]);
  const valid = await read(simsSamples(file, { split: 'valid' }));
  expect(valid.all.map(({ key }) => key)).toEqual(['video_0001$_$2']);
  expect(valid.left).toEqual([]); // other parts are not left out, they are not asked for
  expect(() => simsSamples(file, { split: 'dev' as 'valid' })).toThrow(
    "simsSamples: split: expected 'train', 'valid' or 'test', received \"dev\".",
  );
});

describe('csvSentiment and jsonlSentiment', () => {
  const folder = folderWith({
    'reviews.csv':
      'review,photo,mood,stars,tone\nwell made,a.jpg,POSITIVE,5,pos\nbroken,none.jpg,negative,1,neg\n' +
      'so so,,neutral,3,neu\nodd,/etc/hosts,neutral,3,neu\nlink,link.jpg,neutral,3,neu\n',
    'a.jpg': picture,
    'rows.jsonl':
      '{"text": "yes", "label": 0.5, "file_name": "a.jpg"}\n{"text": "no", "label": -2}\nnot JSON\n' +
      '{"text": 7, "label": 0}\n{"label": "0.25", "text": "four"}\n{"text": "none"}\n',
  });
  const secret = folderWith({ 'secret.jpg': picture });
  symlinkSync(join(secret, 'secret.jpg'), join(folder, 'link.jpg'));
  const csv = join(folder, 'reviews.csv');
  const columns = { textColumn: 'review', imageColumn: 'photo', labelColumn: 'mood' };

  it('maps columns and names, and refuses what leaves the folder', async () => {
    const { all, left } = await read(
      csvSentiment(csv, { ...columns, modalityLabelColumns: { text: 'tone' } }),
    );
    expect(all).toEqual([
      {
        key: 'reviews.csv:0',
        text: 'well made',
        image: join(folder, 'a.jpg'),
        label: 2,
        modalityLabels: { text: 2 },
        metadata: { stars: '5' },
      },
    ]);
    expect(left.map((line) => line.split(': ').slice(0, 2).join(': '))).toEqual([
      'reviews.csv:1: no image',
      'reviews.csv:2: no image',
      'reviews.csv:3: outside the folder',
      'reviews.csv:4: outside the folder',
    ]);
  });

  it('keeps samples without a picture where it is told to', async () => {
    const { all } = await read(csvSentiment(csv, { ...columns, missing: 'keep' }));
    expect(all.map(({ text, image }) => [text, image !== undefined])).toEqual([
      ['well made', true],
      ['broken', false],
      ['so so', false],
    ]);
    const stars = { labelColumn: 'stars', labels: { 1: 0, 3: 1, 5: 2 } };
    const byStars = await read(csvSentiment(csv, { textColumn: 'review', ...stars }));
    expect(byStars.all.map(({ label }) => label)).toEqual([2, 0, 1, 1, 1]);
    const pictures = await read(csvSentiment(csv, { ...columns, textColumn: null }));
    expect(pictures.all.map(({ text, image }) => [text, image])).toEqual([
      [undefined, join(folder, 'a.jpg')],
    ]);
  });

  it('reads scores', async () => {
    const { all, left } = await read(jsonlSentiment(join(folder, 'rows.jsonl'), { scoreRange: [-1, 1] }));
    expect(all.map(({ key, text, label }) => [key, text, label])).toEqual([
      ['rows.jsonl:0', 'yes', 0.5],
      ['rows.jsonl:4', 'four', 0.25],
    ]);
    expect(all[0]!.metadata).toEqual({ file_name: 'a.jpg' });
    expect(left.map((line) => line.split(': ').slice(0, 2).join(': '))).toEqual([
      'rows.jsonl:1: label out of range',
      'rows.jsonl:2: damaged JSON',
      'rows.jsonl:3: no text',
      'rows.jsonl:5: no column "label"',
    ]);
  });

  it('fail in words', async () => {
    expect(() => csvSentiment(csv, { labels: {}, scoreRange: [0, 1] })).toThrow(
      'csvSentiment: expected labels or scoreRange, received both.',
    );
    expect(() => csvSentiment(csv, { labels: { bad: -1 } })).toThrow(
      'csvSentiment: labels: expected classes 0, 1 and 2, received -1 for "bad".',
    );
    expect(() => jsonlSentiment(csv, { scoreRange: [1, 1] })).toThrow(
      'jsonlSentiment: scoreRange: expected a low and a high, received [1,1].',
    );
    expect(() => mvsaSamples(folder, { missing: 'drop' as 'skip' })).toThrow(
      "mvsaSamples: missing: expected 'skip' or 'keep', received \"drop\".",
    );
    await expect(read(mvsaSamples(join(folder, 'nowhere')))).rejects.toThrow(
      'labelResultAll.txt" is not a file',
    );
  });
});
