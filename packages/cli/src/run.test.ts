import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CLIP } from '@crossmodal/clip';
import { hostTensorValues } from '@crossmodal/core';
import { readSafetensorsFile } from '@crossmodal/core/node';
import { afterAll, describe, expect, it } from 'vitest';
import { run } from './run';

const models = fileURLToPath(new URL('../../clip/golden/whole-path/', import.meta.url));
const model = join(models, 'clip');
const folder = mkdtempSync(join(tmpdir(), 'crossmodal-cli-'));
const photos = join(folder, 'photos');
mkdirSync(join(photos, 'more'), { recursive: true });
for (const name of ['a.png', 'b.PNG', 'more/c.png']) cpSync(join(models, 'photo.png'), join(photos, name));
for (const name of ['a.txt', 'b.txt', 'more/c.txt']) writeFileSync(join(photos, name), 'a photo of a cat');
writeFileSync(join(photos, 'notes.md'), 'no picture');
afterAll(() => rmSync(folder, { recursive: true }));

/** What a command prints, and ends with. */
async function call(...args: string[]) {
  let [out, err] = ['', ''];
  const code = await run(args, {
    stdout: { write: (text: string) => (out += text) },
    stderr: { write: (text: string) => (err += text) },
    signal: new AbortController().signal,
  });
  return { code, out, err };
}

describe('classify', () => {
  it('prints labels with their probabilities, best first', async () => {
    const { code, out } = await call('classify', join(photos, 'a.png'), '-m', model, '-l', 'cat, dog');
    expect(code).toBe(0);
    const lines = out.trim().split('\n');
    expect(lines[0]).toBe(join(photos, 'a.png'));
    expect(lines.slice(1).map((line) => line.replace(/\s+[\d.]+ % {2}/, ''))).toHaveLength(2);
    const shares = lines.slice(1).map((line) => Number(/[\d.]+/.exec(line)![0]));
    expect(shares[0]).toBeGreaterThan(shares[1]!);
    expect(shares[0]! + shares[1]!).toBeCloseTo(100, 0);
  });

  it('takes folders and patterns, and prints JSON', async () => {
    const args = ['-m', model, '-l', 'cat,dog', '--template', '{}', '--json'];
    const { out } = await call('classify', photos, ...args);
    const rows = JSON.parse(out) as { image: string; labels: { label: string; probability: number }[] }[];
    expect(rows.map(({ image }) => image)).toEqual(
      ['a.png', 'b.PNG', 'more/c.png'].map((n) => join(photos, n)),
    );
    expect(rows[0]!.labels).toEqual(rows[2]!.labels);
    const again = await call('classify', join(photos, '**/*.png'), ...args);
    expect(JSON.parse(again.out)).toHaveLength(3);
  });

  it('leaves out what it cannot read, and says so', async () => {
    const broken = join(folder, 'broken.png');
    writeFileSync(broken, 'no picture');
    const args = ['-m', model, '-l', 'cat,dog', '--json'];
    const some = await call('classify', broken, join(photos, 'a.png'), ...args);
    expect(some.code).toBe(0);
    expect(JSON.parse(some.out)).toHaveLength(1);
    expect(some.err).toContain(`Left out: ${broken}: `);
    const none = await call('classify', broken, ...args);
    expect(none).toMatchObject({ code: 1, out: '' });
    expect(none.err).toContain('No picture could be read.');
    const address = await call('classify', 'https://example.com/cat.png', ...args);
    expect(address.err).toContain('addresses are off; allowHosts names the hosts that may be fetched from.');
  });

  it('lets several labels be true of a SigLIP', async () => {
    const args = [
      'classify',
      photos,
      '-m',
      join(models, 'siglip'),
      '-l',
      'cat,dog',
      '--multi-label',
      '--json',
    ];
    const [row] = JSON.parse((await call(...args)).out) as [{ labels: { probability: number }[] }];
    expect(row.labels.reduce((sum, { probability }) => sum + probability, 0)).not.toBeCloseTo(1, 3);
  });
});

describe('export', () => {
  it('writes a folder for transformers.js, and says what its weights change', async () => {
    const to = join(folder, 'exported');
    const { code, out } = await call('export', to, '-m', model, '--dtype', 'float32, int8');
    expect(code).toBe(0);
    const names = ['model', 'vision_model', 'text_model'].flatMap((n) => [
      `${n}.onnx`,
      `${n}_quantized.onnx`,
    ]);
    expect(readdirSync(join(to, 'onnx')).sort()).toEqual([...names].sort());
    expect(readdirSync(to)).toContain('tokenizer.json');
    const lines = out.trim().split('\n');
    expect(lines.map((line) => line.split(' ')[0])).toEqual(names.map((name) => `onnx/${name}`));
    expect(lines[0]).toMatch(/^onnx\/model\.onnx +0\.1 MB$/);
    expect(lines[1]).toMatch(/ MB {2}cosine to float32: [01]\.\d{5}$/);
    const wrong = await call('export', to, '-m', model, '--dtype', 'int4');
    expect(wrong).toMatchObject({ code: 1, out: '' });
    expect(wrong.err).toContain('expected some of float32, float16, int8, received int4.');
  });
});

describe('embed and search', () => {
  it('writes vectors of pictures and texts with their names', async () => {
    const texts = join(folder, 'texts.txt');
    writeFileSync(texts, 'a cat\n\na dog\r\n');
    const out = join(folder, 'vectors.safetensors');
    const result = await call('embed', photos, '--texts', texts, '-m', model, '--out', out, '--json');
    expect(JSON.parse(result.out)).toEqual({ out, images: 3, texts: 2, dim: 6 });
    const file = await readSafetensorsFile(out);
    expect(file.info('images').shape).toEqual([3, 6]);
    expect(JSON.parse(file.metadata['texts']!)).toEqual(['a cat', 'a dog']);
    const row = hostTensorValues(await file.tensor('texts'), 'float32').subarray(0, 6);
    expect(Math.hypot(...row)).toBeCloseTo(1, 5);
  });

  it('finds by words and by a picture', async () => {
    const found = await call('search', 'a', 'cat', '--images', photos, '-m', model, '-k', '2', '--json');
    expect(JSON.parse(found.out)).toHaveLength(2);
    const picture = join(photos, 'a.png');
    const like = await call('search', '--by-image', picture, '--images', photos, '-m', model);
    expect(like.out.split('\n')[0]).toBe(`1.000  ${picture}`);
    const both = await call('search', 'cat', '--by-image', picture, '--images', photos, '-m', model);
    expect(both).toMatchObject({ code: 2, out: '' });
    expect(both.err).toContain('expected words to look for, or --by-image with a picture, not both');
  });
});

describe('inspect', () => {
  it('lists what is in a file or a folder', async () => {
    const whole = await call('inspect', model);
    expect(whole.out).toMatch(/^text_model\.final_layer_norm\.bias +F32 +\[12\]$/m);
    expect(whole.out).toMatch(/; model type: clip\n$/);
    const file = await call('inspect', join(model, 'pytorch_model.bin'), '--json');
    const { tensors, values } = JSON.parse(file.out) as { tensors: { name: string }[]; values: number };
    expect(tensors.length).toBeGreaterThan(50);
    expect(values).toBeGreaterThan(5000);
    const text = await call('inspect', join(photos, 'notes.md'));
    expect(text).toMatchObject({ code: 1, out: '' });
  });
});

describe('train clip', () => {
  it('trains on, saves what can be loaded, and goes on where it was', async () => {
    const out = join(folder, 'trained');
    const args = [
      'train',
      'clip',
      '-m',
      model,
      '-d',
      photos,
      '-o',
      out,
      '--batch-size',
      '3',
      '--chunk-size',
      '2',
    ];
    args.push('--warmup', '1', '--learning-rate', '0.01', '--unlock-image', '1', '--json');
    const first = await call(...args, '--steps', '2');
    expect(first.err).toContain('step 1');
    expect(JSON.parse(first.out)).toMatchObject({ out, reason: 'finished', step: 2, skipped: 0 });
    const [before, after] = [await CLIP.fromPretrained(model), await CLIP.fromPretrained(out)];
    const [a, b] = [await before.stateDict(), await after.stateDict()];
    const changed = Object.keys(a).filter((key) => Buffer.compare(a[key]!.bytes, b[key]!.bytes) !== 0);
    expect(changed).toContain('text_projection.weight');
    expect(changed).not.toContain('vision_model.embeddings.patch_embedding.weight');
    expect(readdirSync(out)).toEqual(expect.arrayContaining(['checkpoints', 'vocab.json', 'config.json']));
    const second = await call(...args, '--steps', '3');
    expect(JSON.parse(second.out)).toMatchObject({ step: 3 });
    expect((await call('classify', photos, '-m', out, '-l', 'cat,dog')).code).toBe(0);
  });

  it('says what data it can read', async () => {
    const { code, err } = await call('train', 'clip', '-m', model, '-d', 'data.xlsx', '-o', folder);
    expect(code).toBe(1);
    expect(err).toBe(
      '--data: data.xlsx: expected a folder, or a .csv, .tsv, .jsonl, .parquet or .tar file, received .xlsx.\n',
    );
  });
});

describe('mistakes', () => {
  it('end with 2 and a hint, others with 1 and the reason', async () => {
    const none = await call('classify', 'a.png', '-m', model);
    expect(none.code).toBe(2);
    expect(none.err).toContain("required option '-l, --labels <list>' not specified");
    expect(none.err).toContain('(--help has examples)');
    expect((await call('paint')).code).toBe(2);
    expect((await call('classify', 'a.png', '-m', model, '-l', 'cat,')).err).toContain(
      'Expected names with commas',
    );
    const absent = await call('classify', 'absent.png', '-m', model, '-l', 'cat');
    expect(absent).toEqual({
      code: 1,
      out: '',
      err: 'imageFiles: "absent.png" is not a file.\n',
    });
    const nowhere = await call('classify', photos, '-m', './nowhere', '-l', 'cat');
    expect(nowhere.code).toBe(1);
    expect(nowhere.err).toContain('nowhere');
    const help = await call('classify', '--help');
    expect(help.code).toBe(0);
    expect(help.out).toContain('Examples:');
  });
});
