import type { Rng } from '@crossmodal/core';
import { BOX_SIZE, BOXES, type Scene, type SceneObject } from './scene';

/** A random tower of 1 to 4 blocks in each box. */
export function drawTowers(rng: Rng): Scene {
  return Array.from({ length: BOXES }, (_, box) =>
    Array.from({ length: 1 + rng.integer(4) }, (_, level) => ({
      box,
      color: rng.integer(3),
      shape: 0,
      left: 40,
      top: 80 - 21 * level,
      width: 20,
      height: 20,
    })),
  ).flat();
}

/** 1 to 7 things scattered in each box, some of them at a wall. */
export function drawScatter(rng: Rng): Scene {
  return Array.from({ length: BOXES }, (_, box) => {
    const placed: Scene = [];
    const count = 1 + rng.integer(7);
    for (let tries = 0; placed.length < count && tries < 100; tries++) {
      const object = drawObject(rng, box);
      if (!placed.some((other) => overlaps(object, other))) placed.push(object);
    }
    return placed;
  }).flat();
}

function drawObject(rng: Rng, box: number): SceneObject {
  const size = 10 * (1 + rng.integer(3));
  const place = () =>
    rng.bernoulli(0.25) ? rng.integer(2) * (BOX_SIZE - size) : 2 + rng.integer(BOX_SIZE - size - 3);
  const [color, shape] = [rng.integer(3), rng.integer(3)];
  return { box, color, shape, left: place(), top: place(), width: size, height: size };
}

const overlaps = (a: SceneObject, b: SceneObject) =>
  a.left < b.left + b.width + 2 &&
  b.left < a.left + a.width + 2 &&
  a.top < b.top + b.height + 2 &&
  b.top < a.top + a.height + 2;
