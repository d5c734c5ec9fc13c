import type { Rng } from '@crossmodal/core';
import { boxesOf, COLORS } from './scene';
import {
  type Boxes,
  colorOf,
  count,
  count4,
  countThings,
  NUMBERS,
  ofColor,
  pick,
  plural,
  type Statement,
  type Things,
  verb,
} from './statement-parts';

/** A random statement about towers. */
export function towerStatement(rng: Rng): Statement {
  const color = colorOf(rng);
  const name = COLORS[color]!;
  const end = pick(rng, [
    { words: ['top'], at: 0 },
    { words: ['base', 'bottom'], at: -1 },
  ] as const);
  const endWord = pick(rng, end.words);
  const size = 1 + rng.integer(4);
  switch (rng.integer(10)) {
    case 0:
    case 1: {
      const how = count(rng, 3);
      const things = blocks(rng);
      return {
        text: `there ${verb(how.many)} ${how.word} ${things.text(how.many)}`,
        holds: (scene) => how.fits(countThings(scene, things)),
      };
    }
    case 2: {
      const which = pick(rng, [
        { text: `the tower with ${NUMBERS[size]} blocks has a ${name} block at the ${endWord}` },
        { text: `the ${endWord} of the ${NUMBERS[size]} blocks tower is ${name}` },
      ]);
      return {
        text: which.text,
        holds: (scene) =>
          boxesOf(scene).some((box) => box.length === size && box.at(end.at)!.color === color),
      };
    }
    case 3: {
      const tower = towers(rng);
      const all = pick(rng, [
        'all towers have',
        'all three towers have',
        'each tower has',
        'all towers contain',
      ]);
      return tower.text.startsWith('with ')
        ? { text: tower.text.replace('with', all), holds: (scene) => boxesOf(scene).every(tower.test) }
        : towerStatement(rng);
    }
    case 4: {
      const how = count(rng, 3);
      const of = how.word === 'a' ? 'one' : how.word;
      return {
        text: `${of} ${pick(rng, ['', 'of the '])}${plural('tower', true)} ${how.many ? 'have' : 'has'} a ${name} ${endWord}`,
        holds: (scene) => how.fits(boxesOf(scene).filter((box) => box.at(end.at)!.color === color).length),
      };
    }
    default: {
      const how = count(rng, 3);
      const tower = towers(rng);
      return {
        text: `there ${verb(how.many)} ${how.word} ${plural('tower', how.many)} ${join(rng, tower.text)}`,
        holds: (scene) => how.fits(boxesOf(scene).filter(tower.test).length),
      };
    }
  }
}

/** `with ...` in other words. */
const join = (rng: Rng, text: string) =>
  text.replace(
    /^with /,
    pick(rng, ['with ', 'with ', 'which has ', 'that has ', 'having ', 'that contains ']),
  );

function blocks(rng: Rng): Things {
  const [color, other] = [colorOf(rng), colorOf(rng)];
  const block = (many: boolean) => `${COLORS[color]} ${plural('block', many)}`;
  const isTop = rng.bernoulli(0.5);
  const with_ = count(rng, 4);
  const long = rng.bernoulli(0.4) && with_.word !== 'a' && with_.word !== 'no';
  switch (rng.integer(4)) {
    case 0:
      return { text: block, test: (object) => object.color === color };
    case 1:
      return {
        text: (many) =>
          `${block(many)} ${pick(rng, ['on', 'over', 'above', 'on top of'])} a ${COLORS[other]} block`,
        test: (object, box) => object.color === color && box[box.indexOf(object) + 1]?.color === other,
      };
    default:
      return {
        text: (many) =>
          `${block(many)} as the ${isTop ? 'top' : 'base'} of a tower${long ? ` with ${with_.word} ${plural('block', with_.many)}` : ''}`,
        test: (object, box) =>
          object.color === color && box.at(isTop ? 0 : -1) === object && (!long || with_.fits(box.length)),
      };
  }
}

function towers(rng: Rng): Boxes {
  const [color, other] = [colorOf(rng), colorOf(rng)];
  const [name, second] = [COLORS[color]!, COLORS[other]!];
  const isTop = rng.bernoulli(0.5);
  const place = isTop ? 'at the top' : pick(rng, ['at the base', 'at the bottom']);
  const at = isTop ? 0 : -1;
  const how = count(rng, 4);
  const sized = how.word === 'a' || how.word === 'no' ? count4(rng) : how;
  switch (rng.integer(11)) {
    case 0:
      return {
        text: `with ${sized.word} ${plural('block', sized.many)}`,
        test: (box) => sized.fits(box.length),
      };
    case 1:
      return {
        text: `with ${how.word} ${name} ${plural('block', how.many)}`,
        test: (box) => how.fits(ofColor(box, color)),
      };
    case 2:
      return {
        text: `with a ${name} block ${pick(rng, ['over', 'above', 'on', 'on top of'])} a ${second} block`,
        test: (box) => box.some((o, i) => o.color === color && box[i + 1]?.color === other),
      };
    case 3:
      return {
        text: `with ${pick(rng, ['blocks of all three colors', 'all three colors', 'three different colors'])}`,
        test: (box) => COLORS.every((_, c) => ofColor(box, c) > 0),
      };
    case 4:
      return color === other
        ? { text: `with only ${name} blocks`, test: (box) => box.every((o) => o.color === color) }
        : {
            text: `with only ${name} and ${second} blocks`,
            test: (box) =>
              ofColor(box, color) > 0 &&
              ofColor(box, other) > 0 &&
              ofColor(box, color) + ofColor(box, other) === box.length,
          };
    case 5:
      return {
        text: pick(rng, [
          'with only one color',
          'where all the blocks are of same color',
          'with blocks of the same color',
        ]),
        test: (box) => box.every((o) => o.color === box[0]!.color),
      };
    case 6:
      return {
        text: `with ${pick(rng, ['two', 'two', 'three'])} ${name} blocks stacked together`,
        test: (box) => box.some((o, i) => o.color === color && box[i + 1]?.color === color),
      };
    case 7:
      return {
        text: `with ${sized.word} ${plural('block', sized.many)} ${pick(rng, ['with', 'having', 'and'])} a ${name} block ${place}`,
        test: (box) => sized.fits(box.length) && box.at(at)!.color === color,
      };
    case 8:
      return {
        text: `${pick(rng, ['where the second block is', 'that the second block from the base is'])} ${name}`,
        test: (box) => box.at(-2)?.color === color,
      };
    default:
      return { text: `with a ${name} block ${place}`, test: (box) => box.at(at)!.color === color };
  }
}
