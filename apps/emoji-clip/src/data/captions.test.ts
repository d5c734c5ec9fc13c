import { Rng } from '@crossmodal/core';
import { expect, it } from 'vitest';
import { conceptName, sampleCaption } from './captions';
import { loadConcepts } from './concepts';

it('captions a concept by its label, its tags or both, in two languages', () => {
  const cake = loadConcepts().find(({ emoji }) => emoji === '🎂')!;
  expect(conceptName(cake)).toBe('birthday cake');
  expect(conceptName(cake, 'zh')).toBe('生日蛋糕');
  const rng = new Rng(0);
  const captions = Array.from({ length: 2000 }, () => sampleCaption(cake, rng));
  const share = (test: (caption: string) => boolean) => captions.filter(test).length / captions.length;
  const isChinese = (caption: string) => /[\u4e00-\u9fff]/.test(caption);
  expect(share(isChinese)).toBeCloseTo(0.3, 1);
  expect(share((caption) => caption === cake.label || caption === cake.labelZh)).toBeGreaterThan(0.4);
  expect(share((caption) => !caption.includes(cake.label) && !isChinese(caption))).toBeGreaterThan(0.01);
  const words = new Set([cake.label, ...cake.tags]);
  for (const caption of captions.filter((one) => !isChinese(one))) {
    const parts = caption.split(', ');
    expect(
      parts.every((part) => words.has(part)),
      caption,
    ).toBe(true);
    expect(new Set(parts).size).toBe(parts.length);
    expect(parts.length).toBeLessThanOrEqual(4);
  }
});

it('repeats with the same seed', () => {
  const concepts = loadConcepts().slice(0, 50);
  const draw = () => {
    const rng = new Rng(7);
    return concepts.map((concept) => sampleCaption(concept, rng));
  };
  expect(draw()).toEqual(draw());
});
