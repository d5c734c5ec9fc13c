import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { attributionTable } from './attribution';
import { type Concept, loadConcepts } from './concepts';
import { designerById, designers } from './designers';
import { listDrawings } from './drawings';
import { readPictureFile, writePictureFile } from './picture-file';
import { partFilePath } from './render-designer';
import { renderDesigners } from './render-designers';
import { PICTURE_BYTES, renderDrawing } from './render-drawing';

let concepts: Concept[];
beforeAll(() => {
  concepts = loadConcepts();
});

const labels = (ids: Iterable<string>) => {
  const byHexcode = new Map(concepts.map(({ hexcode, label }) => [hexcode, label]));
  return [...ids].map((hexcode) => byHexcode.get(hexcode));
};

describe('concepts', () => {
  it('keeps every emoji but components and skin tones, with words in both languages', () => {
    expect(concepts.length).toBe(1914);
    expect(new Set(concepts.map(({ label }) => label)).size).toBe(concepts.length);
    expect(concepts.filter(({ label }) => label.includes('skin tone'))).toEqual([]);
    expect(concepts.find(({ emoji }) => emoji === '🎂')).toMatchObject({
      label: 'birthday cake',
      labelZh: '生日蛋糕',
      group: 'food-drink',
    });
  });
});

describe('drawings', () => {
  it('joins each designer to concepts, by code point or by name', () => {
    const expected: Record<string, [string, string][]> = {
      twemoji: [['birthday-cake', 'birthday cake']],
      fxemoji: [
        ['admissiontickets', 'admission tickets'],
        ['grintears', 'face with tears of joy'],
        ['bow', 'ribbon'],
      ],
      emojione: [
        ['flag-for-swaziland', 'flag: Eswatini'],
        ['flag-for-turkey', 'flag: Türkiye'],
      ],
      streamline: [
        ['turkey', 'flag: Türkiye'],
        ['cloud-2', 'cloud'],
      ],
    };
    for (const [id, pairs] of Object.entries(expected)) {
      const drawings = new Map(
        listDrawings(designerById(id), concepts).map(({ icon, hexcode }) => [icon, hexcode]),
      );
      for (const [icon, label] of pairs) {
        expect(labels([drawings.get(icon)!])[0], `${id}/${icon}`).toBe(label);
      }
    }
  });

  it('finds at least as many concepts per designer as when this was written', () => {
    const least: Record<string, number> = {
      twemoji: 1914,
      noto: 1652,
      'noto-v1': 1229,
      openmoji: 1914,
      fxemoji: 833,
    };
    for (const [id, count] of Object.entries(least)) {
      const found = new Set(listDrawings(designerById(id), concepts).map(({ hexcode }) => hexcode));
      expect(found.size, id).toBeGreaterThanOrEqual(count);
    }
  });

  it('renders the same picture in both ways, colours not multiplied by alpha', async () => {
    const drawing = listDrawings(designerById('twemoji'), concepts).find(
      ({ icon }) => icon === 'watermelon',
    )!;
    const fast = await renderDrawing(drawing, false);
    const careful = await renderDrawing(drawing, true);
    expect(fast.length).toBe(PICTURE_BYTES);
    // Laid on white, so that the colour of transparent pixels does not count.
    const onWhite = (pixels: Uint8Array, i: number) => 255 + ((pixels[i]! - 255) * pixels[i | 3]!) / 255;
    let difference = 0;
    for (let i = 0; i < fast.length; i++) difference += Math.abs(onWhite(fast, i) - onWhite(careful, i));
    expect(difference / fast.length).toBeLessThan(3);
    const green = fast.findIndex((alpha, i) => i % 4 === 3 && alpha > 0 && alpha < 255) - 2; // an edge of the rind
    expect(fast[green]!).toBeGreaterThan(fast[green + 2]!);
  });
});

describe('picture file', () => {
  it('reads back what was written, and nothing altered, cut short or of another version', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'pictures-')), 'a.pictures');
    const pixels = new Uint8Array(2 * PICTURE_BYTES).map((_, i) => i % 251);
    writePictureFile(path, 'key', { hexcodes: ['1F600', '1F601'], icons: ['a', 'b'], pixels });
    const read = readPictureFile(path, 'key')!;
    expect(read.icons).toEqual(['a', 'b']);
    expect(Buffer.from(read.pixels).equals(Buffer.from(pixels))).toBe(true);
    expect(readPictureFile(path, 'other key')).toBeUndefined();
    const whole = readFileSync(path);
    writeFileSync(path, whole.subarray(0, whole.length - 1));
    expect(readPictureFile(path, 'key')).toBeUndefined();
    const altered = Buffer.from(whole);
    altered[altered.length - 5]! ^= 1;
    writeFileSync(path, altered);
    expect(readPictureFile(path, 'key')).toBeUndefined();
    writeFileSync(path, 'emoji-pictures-1\n000000');
    expect(readPictureFile(path, 'key')).toBeUndefined();
    expect(readPictureFile(`${path}.none`, 'key')).toBeUndefined();
  });
});

describe('renderDesigners', () => {
  it('survives drawings that kill the renderer, goes on where it stopped, and then reads the cache', async () => {
    const cacheDir = mkdtempSync(join(tmpdir(), 'emoji-'));
    const noto1 = designerById('noto-v1'); // holds seven of those
    const total = listDrawings(noto1, concepts).length;
    // As if an earlier run had been stopped in the middle of the eleventh picture.
    writeFileSync(partFilePath(noto1, cacheDir), new Uint8Array(10.5 * PICTURE_BYTES).fill(7));
    const first = (await renderDesigners([noto1], cacheDir)).get('noto-v1')!;
    expect(first.icons.length).toBe(total);
    expect(first.pixels.subarray(0, 10 * PICTURE_BYTES).every((value) => value === 7)).toBe(true);
    const inkOf = (i: number) => first.pixels.subarray(i * PICTURE_BYTES, (i + 1) * PICTURE_BYTES);
    for (let i = 10; i < total; i++)
      expect(
        inkOf(i).some((value) => value !== 0),
        first.icons[i],
      ).toBe(true);
    const events: number[] = [];
    await renderDesigners([noto1], cacheDir, ({ done }) => events.push(done));
    expect(events).toEqual([]);
  }, 180_000);
});

describe('designers', () => {
  it('states a licence for each, and keeps exactly one for the test', () => {
    expect(designers.filter(({ role }) => role === 'test').map(({ id }) => id)).toEqual(['openmoji']);
    const table = attributionTable(designers);
    expect(table).toContain('CC-BY-SA-4.0');
    expect(table.split('\n').length).toBe(designers.length + 1);
  });

  it('names what is known', () => {
    expect(() => designerById('apple')).toThrow('designerById: id: expected one of noto, noto-v1,');
  });
});
