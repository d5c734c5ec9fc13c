import { Rng } from '@crossmodal/core';
import { type PictureStack, stackPictures } from '@crossmodal/emoji-clip';
import { expect, it } from 'vitest';
import { composeSentence } from './compose-sentence';
import { loadEmojiRatings, parseEmojiRatings } from './emoji-ratings';
import { parseReviews, splitReviews } from './hotel-reviews';
import { rateByLabels } from './label-ratings';
import {
  blendLabel,
  findBlend,
  isHeldOutEmoji,
  type PictureSentenceData,
  testSets,
} from './picture-sentences';
import { parseRatedSentences } from './rated-sentences';
import { isHeldOutWord, ratingOfWords, wordPool, wordRatings } from './word-ratings';

it('reads what people felt at an emoji, where enough of them said so', () => {
  const csv =
    'Emoji,...\n😂,0x1f602,99,0.8,2,3,15,FACE,Emoticons\r\n🙃,0x1f643,9,0.8,1,1,1,FACE,Emoticons\r\n';
  expect(parseEmojiRatings(csv)).toEqual([
    { emoji: '😂', negative: 2, neutral: 3, positive: 15, score: 13 / 20 },
  ]);
  const ratings = loadEmojiRatings();
  expect(ratings).toHaveLength(466);
  expect(ratings.find(({ emoji }) => emoji === '😡')!.score).toBeLessThan(0);
});

it('rates emoji by the words that name them', () => {
  const ratings = rateByLabels([
    { emoji: '🎂', label: 'birthday cake', tags: ['happy', 'celebration', 'Happy day'] },
    { emoji: '📏', label: 'ruler', tags: ['edge'] },
    { emoji: '😢', label: 'crying face', tags: ['sad'] },
  ]);
  expect([...ratings.keys()]).toEqual([0, 2]);
  const rating = (word: string) => wordRatings.get(word)!;
  expect(ratings.get(0)!.score).toBeCloseTo((rating('happy') + rating('celebration')) / 2 / 5);
  expect(ratings.get(2)!.score).toBeCloseTo((rating('crying') + rating('sad')) / 2 / 5);
});

it('scores a sentence by its words, turned by a negation', () => {
  const pool = { positive: [{ word: 'lovely', rating: 3 }], negative: [{ word: 'lovely', rating: 3 }] };
  const rng = new Rng(1);
  const scores = new Map(
    Array.from({ length: 500 }, () => composeSentence(pool, rng)).map(({ text, score }) => [text, score]),
  );
  expect(scores.get('what a lovely day')).toBeCloseTo(0.6);
  expect(scores.get('this is not lovely')).toBeCloseTo(-0.74 * 0.6);
  expect(scores.get('it was lovely, and not lovely')).toBeCloseTo((0.26 * 0.6) / 2);
  expect(ratingOfWords(['not', 'a', 'good', 'day'])).toBeCloseTo(-Math.sqrt(0.74 * wordRatings.get('good')!));
  expect(ratingOfWords(['table'])).toBe(0);
});

it('holds words out whole', () => {
  const list = (side: Parameters<typeof wordPool>[0]) => {
    const { positive, negative } = wordPool(side);
    return [...positive, ...negative].map(({ word }) => word);
  };
  const [training, heldOut] = [list('training'), new Set(list('held out'))];
  expect(training.filter((word) => heldOut.has(word))).toEqual([]);
  expect(heldOut.size / (training.length + heldOut.size)).toBeCloseTo(0.2, 1);
});

/** One white picture for each concept. */
function blank(concepts: readonly number[]): PictureStack {
  return stackPictures(
    [{ pixels: new Uint8Array(concepts.length * 8 * 8 * 4), concepts: Int32Array.from(concepts) }],
    8,
  );
}

it('tests on what training does not see', () => {
  const concepts = Array.from({ length: 40 }, (_, i) => ({
    ...{ emoji: '', negative: 0, neutral: 0, positive: 0, label: `face ${i}` },
    score: (i - 20) / 20,
  }));
  const known = [...concepts.keys()].filter((i) => !isHeldOutEmoji(concepts[i]!.label));
  expect(known.length).toBeGreaterThan(20);
  expect(known.length).toBeLessThan(39);
  const words = wordPool('training');
  const data: PictureSentenceData = {
    concepts,
    training: blank(known),
    unseen: blank([...concepts.keys()]),
    words,
    heldOutWords: wordPool('held out'),
    blend: findBlend(concepts, words, new Rng(0)),
  };
  const [fresh, all] = testSets(data, 3, 1);
  expect(new Set(fresh!.sentences.map(({ concept }) => concept))).toEqual(new Set(known));
  expect(all!.sentences.some(({ concept }) => known.includes(concept))).toBe(false);
  const ratedIn = (text: string) =>
    text.split(/[ ,:]+/).filter((word) => words.positive.some((one) => one.word === word));
  // Words of templates ("no", "like") are seen by all; those put into them are held out.
  for (const { text } of all!.sentences)
    expect(ratedIn(text).filter((word) => !isHeldOutWord(word))).toEqual([]);
  expect(testSets(data, 3, 1)).toEqual([fresh, all]);
});

it('makes thirds of two scores of the same spread', () => {
  const concepts = [-0.2, 0, 0.2].map((score) => ({
    ...{ emoji: '', negative: 0, neutral: 0, positive: 0, label: '', score },
  }));
  const blend = findBlend(concepts, wordPool('training'), new Rng(0));
  expect(blend.pictureSpread).toBeCloseTo(0.163, 2);
  expect(blendLabel(-1, -0.2, blend)).toBe(0);
  expect(blendLabel(1, 0.2, blend)).toBe(2);
  // A picture can outweigh the text, since both count alike.
  expect(blendLabel(0.3, -0.2, blend)).toBeLessThan(blendLabel(0.3, 0.2, blend));
});

it('reads reviews with quotes, and keeps each text once and on one side', () => {
  const csv = '\uFEFFlabel,review\n1,"好,""很""好"\n0,差\n1,差 \n0,\n';
  const reviews = parseReviews(csv, 'x.csv');
  expect(reviews).toEqual([
    { text: '好,"很"好', label: 1 },
    { text: '差', label: 0 },
    { text: '差', label: 1 },
  ]);
  const { training, test } = splitReviews([
    ...reviews,
    ...Array.from({ length: 200 }, (_, i) => ({ text: `t${i}`, label: 0 })),
  ]);
  expect(training.length + test.length).toBe(202);
  const sides = new Set(training.map(({ text }) => text));
  expect(test.some(({ text }) => sides.has(text))).toBe(false);
  expect(test.length).toBeGreaterThan(20);
  expect(() => parseReviews('label,review\n', 'x.csv')).toThrow(
    'x.csv: expected lines of label,review, received none.',
  );
});

it('reads rated sentences', () => {
  expect(parseRatedSentences('1_1\t-0.9\tno picture\n\n2\tx\ty\n', 'x.txt')).toEqual([
    { text: 'no picture', label: -0.9 },
  ]);
  expect(() => parseRatedSentences('', 'x.txt')).toThrow('x.txt: expected lines of id, rating and text');
});
