import type { Rng } from '@crossmodal/core';
import { boxesOf, COLORS, type SceneObject, SHAPES, sizeOf, wallsOf } from './scene';
import {
  type Boxes,
  colorOf,
  count,
  countThings,
  maybe,
  NUMBERS,
  ofColor,
  pick,
  plural,
  type Statement,
  type Things,
  verb,
} from './statement-parts';

const WALLS: { words: string[]; at: (walls: boolean[]) => boolean }[] = [
  {
    words: ['the edge', 'an edge', 'any edge', 'the wall', 'the side', 'a edge', 'any edge', 'the wall'],
    at: (walls) => walls.some(Boolean),
  },
  { words: ['the base', 'the bottom of a box', 'the bottom'], at: (walls) => walls[3]! },
  {
    words: ['a corner', 'the corner', 'a corner of a box', 'a box corner'],
    at: (walls) => (walls[0]! || walls[1]!) && (walls[2]! || walls[3]!),
  },
  { words: ['right wall of a box', 'the right wall'], at: (walls) => walls[1]! },
];

/** Things by size, colour and shape, and by where they touch. */
function things(rng: Rng, touching: boolean): Things {
  const color = rng.bernoulli(0.75) ? colorOf(rng) : -1;
  const shape = rng.bernoulli(0.6) ? rng.integer(3) : -1;
  const size = rng.bernoulli(0.08) ? 2 * rng.integer(2) : -1;
  const noun = shape < 0 ? pick(rng, ['item', 'object', 'item']) : SHAPES[shape]!;
  const adjectives = [size < 0 ? '' : size === 0 ? 'small' : 'big', color < 0 ? '' : COLORS[color]!];
  const wall = touching ? pick(rng, [WALLS[0]!, WALLS[0]!, ...WALLS]) : undefined;
  const not = rng.bernoulli(0.4);
  const where = wall
    ? ` ${maybe(rng, 0.25, 'closely ')}`.replace(/^ (closely )?$/, (all) => `${not ? ' not' : ''}${all}`) +
      `touching ${pick(rng, wall.words)}`
    : '';
  return {
    text: (many) => [...adjectives, plural(noun, many)].filter((x) => x !== '').join(' ') + where,
    test: (object) =>
      (color < 0 || object.color === color) &&
      (shape < 0 || object.shape === shape) &&
      (size < 0 || sizeOf(object) === size) &&
      (!wall || wall.at(wallsOf(object)) !== not),
  };
}

/** A random statement about scattered things. */
export function scatterStatement(rng: Rng): Statement {
  const how = count(rng, 4);
  const box = pick(rng, ['box', 'box', 'box', 'grey box', 'grey square']);
  switch (rng.integer(10)) {
    case 0:
    case 1:
    case 2:
    case 3: {
      const what = things(rng, rng.bernoulli(0.75));
      return {
        text: `there ${verb(how.many)} ${how.word} ${what.text(how.many)}`,
        holds: (scene) => how.fits(countThings(scene, what)),
      };
    }
    case 4: {
      const what = contents(rng);
      const all = pick(rng, [`each ${box} has`, `all ${plural(box, true)} have`, `each ${box} contains`]);
      return { text: what.text.replace(/^with/, all), holds: (scene) => boxesOf(scene).every(what.test) };
    }
    case 5: {
      const what = contents(rng);
      const some = pick(rng, [`one of the ${box} has`, `one of the ${box} contains`, `one ${box} has`]);
      return { text: what.text.replace(/^with/, some), holds: (scene) => boxesOf(scene).some(what.test) };
    }
    case 6: {
      const what = things(rng, true);
      const base = what.text(true);
      const cut = base.search(/ (not )?(closely )?touching/);
      const none = rng.bernoulli(0.4);
      // "all black circles are touching the edge": of those it names, all or none touch.
      const named = namesOf(base.slice(0, cut));
      return {
        text: `${none ? 'none of the ' : pick(rng, ['all ', 'all the ', ''])}${base.slice(0, cut)} are${base.slice(cut)}`,
        holds: (scene) => {
          const all = boxesOf(scene).flatMap((b) => b.filter(named).map((o) => what.test(o, b)));
          return all.length > 0 && all.every((touches) => touches !== none);
        },
      };
    }
    default: {
      const few = count(rng, 3);
      const what = contents(rng);
      return {
        text: `there ${verb(few.many)} ${few.word} ${plural(box, few.many)} ${what.text}`,
        holds: (scene) => few.fits(boxesOf(scene).filter(what.test).length),
      };
    }
  }
}

/** The test of "small black circles". */
function namesOf(text: string): (object: SceneObject) => boolean {
  const color = COLORS.findIndex((name) => text.includes(name));
  const shape = SHAPES.findIndex((name) => text.includes(name));
  return (o) =>
    (color < 0 || o.color === color) &&
    (shape < 0 || o.shape === shape) &&
    (!text.includes('small') || sizeOf(o) === 0) &&
    (!text.includes('big') || sizeOf(o) === 2);
}

/** What a box holds. */
function contents(rng: Rng): Boxes {
  const [color, other] = [colorOf(rng), colorOf(rng)];
  const [name, second] = [COLORS[color]!, COLORS[other]!];
  const how = count(rng, 3);
  const things_ = pick(rng, ['items', 'objects', 'items']);
  const n = 1 + rng.integer(7);
  const number = `${maybe(rng, 0.6, pick(rng, ['exactly ', 'only ']))}${NUMBERS[n]} ${n > 1 ? things_ : 'item'}`;
  switch (rng.integer(9)) {
    case 0:
      return { text: `with ${number}`, test: (box) => box.length === n };
    case 1: {
      const what = things(rng, rng.bernoulli(0.3));
      return {
        text: `with ${how.word} ${what.text(how.many)}`,
        test: (box) => how.fits(box.filter((o) => what.test(o, box)).length),
      };
    }
    case 2:
    case 3: {
      const more = count(rng, 3);
      const [a, b] = [things(rng, false), things(rng, false)];
      return {
        text: `with ${how.word} ${a.text(how.many)} and ${more.word} ${b.text(more.many)}`,
        test: (box) =>
          how.fits(box.filter((o) => a.test(o, box)).length) &&
          more.fits(box.filter((o) => b.test(o, box)).length),
      };
    }
    case 4:
      return color === other
        ? { text: `with only ${name} ${things_}`, test: (box) => box.every((o) => o.color === color) }
        : {
            text: pick(rng, [
              `with only ${name} and ${second} ${things_}`,
              `with ${things_} of only ${name} and ${second} color`,
            ]),
            test: (box) =>
              ofColor(box, color) > 0 &&
              ofColor(box, other) > 0 &&
              ofColor(box, color) + ofColor(box, other) === box.length,
          };
    case 5:
      return rng.bernoulli(0.5)
        ? {
            text: 'with items of only one color',
            test: (box) => box.length > 0 && box.every((o) => o.color === box[0]!.color),
          }
        : {
            text: `with ${pick(rng, ['items of all three colors', 'all three colors', 'items of all three different colors'])}`,
            test: (box) => COLORS.every((_, c) => ofColor(box, c) > 0),
          };
    case 6:
      return {
        text: `with ${number} and a ${name} ${pick(rng, ['one', 'item'])} on top`,
        test: (box) => box.length === n && box[0]?.color === color,
      };
    case 7:
      return { text: `with a ${name} item on top`, test: (box) => box[0]?.color === color };
    default:
      return {
        text: `with ${number} and ${how.word} ${name} ${plural('item', how.many)}`,
        test: (box) => box.length === n && how.fits(ofColor(box, color)),
      };
  }
}
