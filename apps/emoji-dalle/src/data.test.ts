import { describe, expect, it } from 'vitest';
import { heldOutConcepts } from './data';

describe('heldOutConcepts', () => {
  it('holds out that share, the same ones for the same seed', () => {
    const held = heldOutConcepts(200, 0.05, 1);
    expect(held).toHaveLength(200);
    expect(held.filter(Boolean)).toHaveLength(10);
    expect(heldOutConcepts(200, 0.05, 1)).toEqual(held);
    expect(heldOutConcepts(200, 0.05, 2)).not.toEqual(held);
  });
});
