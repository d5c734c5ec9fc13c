import type { Rng } from '@crossmodal/core';
import { drawScatter, drawTowers } from './draw-scene';
import { scatterStatement } from './scatter-statement';
import type { Scene } from './scene';
import { towerStatement } from './tower-statement';

/** A random statement about towers or scattered things, and two scenes: one of which it is true, one of which not. */
export function drawPair(rng: Rng, isTower: boolean): { text: string; holding: Scene; failing: Scene } {
  for (;;) {
    const { text, holds } = isTower ? towerStatement(rng) : scatterStatement(rng);
    let holding: Scene | undefined;
    let failing: Scene | undefined;
    for (let tries = 0; tries < 60; tries++) {
      const scene = isTower ? drawTowers(rng) : drawScatter(rng);
      if (holds(scene)) holding ??= scene;
      else failing ??= scene;
      if (holding && failing) return { text, holding, failing };
    }
  }
}
