import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RandomSource } from '../random-source';
import { deleteWords } from './delete-words';
import { replaceSynonyms } from './replace-synonyms';
import { swapWords } from './swap-words';

/** Numbers from a linear congruential generator. */
function seeded(seed: number): RandomSource {
  let state = seed >>> 0;
  const unit = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return {
    uniform: (low = 0, high = 1) => low + (high - low) * unit(),
    integer: (bound) => Math.floor(unit() * bound),
    normal: () => unit(),
    bernoulli: (p) => unit() < p,
  };
}

const words = (text: string) => text.split(' ').sort();

describe('replaceSynonyms', () => {
  const dictionary = {
    happy: ['glad'],
    dog: ['puppy'],
    'ice cream': ['gelato'],
    ice: ['snow'],
    蛋糕: ['糕点'],
    生日蛋糕: ['寿糕'],
  };
  const all = (text: string) => replaceSynonyms(text, dictionary, seeded(1), { probability: 1 });

  it('replaces words and nothing around them', () => {
    expect(all('A "Happy" dog,  hotdog & ICE-cold!')).toBe('A "Glad" puppy,  hotdog & ICE-cold!');
  });

  it('takes the longest entry, in English and in Chinese', () => {
    expect(all('ice cream on ice')).toBe('gelato on snow');
    expect(all('一个生日蛋糕，一块蛋糕cake dog')).toBe('一个寿糕，一块糕点cake puppy');
  });

  it('takes a Map, draws among synonyms, and leaves words without any', () => {
    const map = new Map([
      ['cat', ['kitten', 'tom']],
      ['bird', []],
    ]);
    const rng = seeded(3);
    const seen = new Set(
      Array.from({ length: 50 }, () => replaceSynonyms('cat bird', map, rng, { probability: 1 })),
    );
    expect([...seen].sort()).toEqual(['kitten bird', 'tom bird']);
    expect(replaceSynonyms('constructor toString', {}, rng, { probability: 1 })).toBe('constructor toString');
  });

  it('replaces as often as told', () => {
    const rng = seeded(5);
    const text = 'dog '.repeat(4000);
    const share = (probability?: number) =>
      (
        replaceSynonyms(text, dictionary, rng, probability === undefined ? {} : { probability }).match(
          /puppy/g,
        ) ?? []
      ).length / 4000;
    expect(share(0)).toBe(0);
    expect(Math.abs(share() - 0.1)).toBeLessThan(0.03);
    expect(Math.abs(share(0.7) - 0.7)).toBeLessThan(0.03);
  });

  it('refuses what is no probability', () => {
    expect(() => replaceSynonyms('a', {}, seeded(1), { probability: 1.5 })).toThrow(
      'replaceSynonyms: probability: expected a number from 0 to 1, received 1.5.',
    );
  });
});

describe('deleteWords', () => {
  it('leaves words out with the space before them', () => {
    const text = ' one two  three\nfour ';
    const seen = new Set<string>();
    const rng = seeded(2);
    for (let i = 0; i < 500; i++) seen.add(deleteWords(text, rng, { probability: 0.5 }));
    expect(seen.size).toBe(15); // each choice of words but none at all
    for (const x of [' one two  three\nfour ', ' one  three ', ' four ', ' two\nfour '])
      expect(seen).toContain(x);
  });

  it('keeps one word, and text that has none', () => {
    expect('abc').toContain(deleteWords('a b c', seeded(4), { probability: 1 }));
    expect(deleteWords('', seeded(4), { probability: 1 })).toBe('');
    expect(deleteWords('  ', seeded(4), { probability: 1 })).toBe('  ');
    expect(deleteWords('a b', seeded(4), { probability: 0 })).toBe('a b');
  });

  it('deletes Chinese by character', () => {
    const out = deleteWords('一只很小的猫在沙发上', seeded(1), { probability: 0.3 });
    expect(out.length).toBeLessThan(10);
    expect('一只很小的猫在沙发上').toMatch(new RegExp([...out].join('.*'), 'u'));
  });

  it('deletes as often as told', () => {
    const kept = deleteWords('w '.repeat(5000), seeded(9)).match(/w/g)!.length / 5000;
    expect(Math.abs(kept - 0.9)).toBeLessThan(0.02);
    expect(() => deleteWords('a', seeded(1), { probability: Number.NaN })).toThrow(
      'deleteWords: probability: expected a number from 0 to 1, received NaN.',
    );
  });
});

describe('swapWords', () => {
  it('changes the places of two words, every two as often', () => {
    const rng = seeded(6);
    const seen = new Map<string, number>();
    for (let i = 0; i < 3000; i++) {
      const out = swapWords('a b  c', rng);
      seen.set(out, (seen.get(out) ?? 0) + 1);
    }
    expect([...seen.keys()].sort()).toEqual(['a c  b', 'b a  c', 'c b  a']);
    for (const count of seen.values()) expect(Math.abs(count - 1000)).toBeLessThan(120);
  });

  it('keeps the words, whatever it does', () => {
    const text = 'the quick brown fox';
    expect(words(swapWords(text, seeded(1), { swaps: 10 }))).toEqual(words(text));
    expect([...swapWords('一只猫', seeded(1))].sort()).toEqual([...'一只猫'].sort());
    expect(swapWords('alone', seeded(1))).toBe('alone');
    expect(swapWords('a b', seeded(1), { swaps: 0 })).toBe('a b');
    expect(() => swapWords('a b', seeded(1), { swaps: 0.5 })).toThrow(
      'swapWords: swaps: expected an integer from 0, received 0.5.',
    );
  });
});

it('augmentation takes any string, repeats with its seed, and keeps spaces where they are', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 0, max: 1e9 }), (text, seed) => {
      const run = () => [
        deleteWords(text, seeded(seed), { probability: 0.5 }),
        swapWords(text, seeded(seed), { swaps: 3 }),
        replaceSynonyms(text, { a: ['b'] }, seeded(seed), { probability: 0.5 }),
      ];
      expect(run()).toEqual(run());
      expect([...run()[1]!].sort()).toEqual([...text].sort());
    }),
    { numRuns: 200 },
  );
});
